"""Two views for whoever asks the database in SQL: the curve of every study, and its trials with names.

They carry the tables' prefix, since other tools (Optuna's dashboard, a team's own tables) share the database.

`SELECT * FROM scyc_oracle_curve WHERE study = 'demo' ORDER BY level`, a row per decided level of a study's oracle run:

| column             | meaning                                                                           |
| ------------------ | --------------------------------------------------------------------------------- |
| study              | name of the study                                                                 |
| level              | number of prunings done; 0 is dense                                               |
| density            | fraction of the prunable weights left                                             |
| winner             | the winning max_lr                                                                |
| edge               | whether it sits on the edge of what was tried                                     |
| mean_val_accuracy  | mean validation accuracy over the seeds, of the winner trained from the winner of |
|                    | every level before                                                                |
| mean_test_accuracy | the same of the test accuracy, which was never used to choose                     |
| seeds              | how many seeds that is                                                            |

`SELECT * FROM scyc_trial_summary WHERE study = 'demo' AND state = 'complete'`, a row per trial:

| column             | meaning                                                                           |
| ------------------ | --------------------------------------------------------------------------------- |
| study              | name of the study                                                                 |
| run                | name of the run: "oracle", or a level schedule's                                  |
| trial              | its number in the database                                                        |
| level              | number of prunings done before it; 0 is dense                                     |
| seed               | its seed                                                                          |
| max_lr             | its learning rate's upper bound                                                   |
| round              | which proposal round of the level it came from                                    |
| state              | pending, complete or failed                                                       |
| attempts           | how many trainings of it failed                                                   |
| error              | why the last of them did; NULL once it is complete                                |
| val_accuracy       | validation accuracy, a fraction                                                   |
| test_accuracy      | test accuracy, a fraction                                                         |
| val_loss           | validation loss; NULL where it was not finite                                     |
| test_loss          | test loss; NULL where it was not finite                                           |
| train_loss         | training loss; NULL where it was not finite                                       |
| diverged           | whether the training blew up                                                      |
| density            | fraction of the prunable weights that were left                                   |
| seconds            | duration of the training                                                          |
| won                | whether its max_lr is its level's winner; NULL while the level is undecided       |
| created_at         | when it was asked for, in UTC                                                     |
| finished_at        | when it was complete, or had failed, in UTC                                       |
| parent             | hash of the weights that it started from; '' at level 0                           |
| checkpoint         | hash of the weights that it came to                                               |
| rewind_point       | hash of the weights that later levels rewind to, at level 0                       |
| spec_hash          | of the part of the spec that determines its numbers; '' if it was not recorded    |
"""

ORACLE_CURVE = "scyc_oracle_curve"
TRIAL_SUMMARY = "scyc_trial_summary"
