"""Two views for queries in SQL: the oracle curve of every study, and its trials with names.

Their names carry the tables' prefix because other tools (Optuna's dashboard, a team's own tables) share the database.

`SELECT * FROM scyc_oracle_curve WHERE study = 'demo' ORDER BY level`, a row per decided level of a study's oracle run:

| column             | meaning                                                                           |
| ------------------ | --------------------------------------------------------------------------------- |
| study              | name of the study                                                                 |
| level              | number of prunings done; 0 is dense                                               |
| density            | fraction of the prunable weights left                                             |
| winner             | the winning max_lr; at a level that has none, the one that the next level starts  |
|                    | from                                                                              |
| edge               | whether it lies on the edge of the candidates that were tried                     |
| mean_val           | the winner's mean on the validation data, in the units of the study's metric,     |
|                    | over the seeds, each trained from the winners of all levels before                |
| mean_test          | the same on the test data, which is never used to choose; NULL if it is not known |
| seeds              | number of seeds in these means                                                    |

`SELECT * FROM scyc_trial_summary WHERE study = 'demo' AND state = 'complete'`, a row per trial:

| column             | meaning                                                                           |
| ------------------ | --------------------------------------------------------------------------------- |
| study              | name of the study                                                                 |
| run                | name of the run: "oracle", or that of a level schedule                            |
| trial              | its number in the database                                                        |
| level              | number of prunings done before it; 0 is dense                                     |
| seed               | its seed                                                                          |
| max_lr             | upper bound of its learning rate                                                  |
| round              | proposal round of the level that it came from; 0 is the first                     |
| state              | pending, complete, failed, or stopped early by its rule                           |
| attempts           | number of its trainings that failed                                               |
| error              | why the last of these failed; NULL once it is complete                            |
| val                | the metric on the validation data, in its own units: accuracy is a fraction; NULL |
|                    | of a training that is not finite, if the metric has no worst value                |
| test               | the same on the test data; NULL if it is not known                                |
| val_loss           | validation loss; NULL where it, or a weight of the network, was not finite        |
| test_loss          | test loss; NULL where it was not finite                                           |
| train_loss         | training loss; NULL where it was not finite                                       |
| diverged           | whether the training was not finite, or ended no better than guessing             |
| density            | fraction of the prunable weights that were left                                   |
| seconds            | duration of the training                                                          |
| won                | whether its max_lr is its level's winner; NULL while the level is undecided       |
| created_at         | when it was added, in UTC                                                         |
| finished_at        | when it completed, failed or was stopped, in UTC                                  |
| parent             | hash of the weights that it started from; '' at level 0                           |
| checkpoint         | hash of its trained weights                                                       |
| rewind_point       | hash of the weights that later levels rewind to; set at level 0                   |
| spec_hash          | hash of the part of the spec that its numbers depend on; '' if it is not known    |
| spent              | what it took of its budget, in the budget's unit; NULL if that is what the spec   |
|                    | says                                                                              |
"""

ORACLE_CURVE = "scyc_oracle_curve"
TRIAL_SUMMARY = "scyc_trial_summary"
