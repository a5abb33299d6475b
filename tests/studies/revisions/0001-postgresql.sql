CREATE TABLE public.scyc_checkpoints (
    trial_id integer NOT NULL,
    kind character varying(16) NOT NULL,
    hash character varying(64) NOT NULL,
    size bigint NOT NULL,
    parent character varying(64),
    CONSTRAINT ck_scyc_checkpoints_kind CHECK (((kind)::text = ANY ((ARRAY['trained'::character varying, 'rewind'::character varying])::text[]))),
    CONSTRAINT ck_scyc_checkpoints_size CHECK ((size >= 0))
);
CREATE TABLE public.scyc_epochs (
    trial_id integer NOT NULL,
    epoch integer NOT NULL,
    train_loss double precision,
    val_loss double precision,
    val_accuracy double precision NOT NULL,
    CONSTRAINT ck_scyc_epochs_epoch CHECK ((epoch >= 0)),
    CONSTRAINT ck_scyc_epochs_val_accuracy CHECK (((val_accuracy >= (0)::double precision) AND (val_accuracy <= (1)::double precision)))
);
CREATE TABLE public.scyc_levels (
    run_id integer NOT NULL,
    level integer NOT NULL,
    density double precision NOT NULL,
    winner double precision NOT NULL,
    edge boolean NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_scyc_levels_density CHECK (((density > (0)::double precision) AND (density <= (1)::double precision))),
    CONSTRAINT ck_scyc_levels_level CHECK ((level >= 0)),
    CONSTRAINT ck_scyc_levels_winner CHECK ((winner > (0)::double precision))
);
CREATE TABLE public.scyc_runs (
    id integer NOT NULL,
    study_id integer NOT NULL,
    name character varying(255) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    wall_seconds double precision NOT NULL,
    CONSTRAINT ck_scyc_runs_wall_seconds CHECK ((wall_seconds >= (0)::double precision))
);
CREATE SEQUENCE public.scyc_runs_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.scyc_runs_id_seq OWNED BY public.scyc_runs.id;
CREATE TABLE public.scyc_studies (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    spec json NOT NULL,
    spec_hash character varying(64) NOT NULL,
    artifacts text NOT NULL,
    provenance json NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.scyc_studies_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.scyc_studies_id_seq OWNED BY public.scyc_studies.id;
CREATE TABLE public.scyc_trials (
    id integer NOT NULL,
    run_id integer NOT NULL,
    level integer NOT NULL,
    seed bigint NOT NULL,
    max_lr double precision NOT NULL,
    parent character varying(64) NOT NULL,
    round integer NOT NULL,
    state character varying(16) NOT NULL,
    error text,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    val_accuracy double precision,
    test_accuracy double precision,
    val_loss double precision,
    test_loss double precision,
    train_loss double precision,
    diverged boolean,
    density double precision,
    seconds double precision,
    checkpoint character varying(64),
    rewind_point character varying(64),
    CONSTRAINT ck_scyc_trials_complete CHECK (((((state)::text = 'complete'::text) AND (val_accuracy IS NOT NULL) AND (test_accuracy IS NOT NULL) AND (diverged IS NOT NULL) AND (density IS NOT NULL) AND (seconds IS NOT NULL) AND (checkpoint IS NOT NULL)) OR (((state)::text <> 'complete'::text) AND (val_accuracy IS NULL) AND (test_accuracy IS NULL) AND (diverged IS NULL) AND (density IS NULL) AND (seconds IS NULL) AND (checkpoint IS NULL)))),
    CONSTRAINT ck_scyc_trials_density CHECK (((density > (0)::double precision) AND (density <= (1)::double precision))),
    CONSTRAINT ck_scyc_trials_failed CHECK ((((state)::text = 'failed'::text) = (error IS NOT NULL))),
    CONSTRAINT ck_scyc_trials_level CHECK ((level >= 0)),
    CONSTRAINT ck_scyc_trials_max_lr CHECK ((max_lr > (0)::double precision)),
    CONSTRAINT ck_scyc_trials_pending CHECK ((((state)::text = 'pending'::text) = (finished_at IS NULL))),
    CONSTRAINT ck_scyc_trials_round CHECK ((round >= 0)),
    CONSTRAINT ck_scyc_trials_seconds CHECK ((seconds >= (0)::double precision)),
    CONSTRAINT ck_scyc_trials_state CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'complete'::character varying, 'failed'::character varying])::text[]))),
    CONSTRAINT ck_scyc_trials_test_accuracy CHECK (((test_accuracy >= (0)::double precision) AND (test_accuracy <= (1)::double precision))),
    CONSTRAINT ck_scyc_trials_val_accuracy CHECK (((val_accuracy >= (0)::double precision) AND (val_accuracy <= (1)::double precision)))
);
CREATE SEQUENCE public.scyc_trials_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.scyc_trials_id_seq OWNED BY public.scyc_trials.id;
CREATE TABLE public.scyc_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE ONLY public.scyc_runs ALTER COLUMN id SET DEFAULT nextval('public.scyc_runs_id_seq'::regclass);
ALTER TABLE ONLY public.scyc_studies ALTER COLUMN id SET DEFAULT nextval('public.scyc_studies_id_seq'::regclass);
ALTER TABLE ONLY public.scyc_trials ALTER COLUMN id SET DEFAULT nextval('public.scyc_trials_id_seq'::regclass);
INSERT INTO public.scyc_checkpoints VALUES (5, 'rewind', 'da7718de9bb59043a53e83b8f809b2ce95049dbf3b895234455c975b36fa13db', 174112, NULL);
INSERT INTO public.scyc_checkpoints VALUES (5, 'trained', 'd71fe64efa173e833f55cdf6e27d716e1faf2475f81fbb5711d953be45a8e666', 217352, NULL);
INSERT INTO public.scyc_checkpoints VALUES (6, 'rewind', '25b1b8fb44266364a076d776445899e8b346a1276024898958c4bc7cf4d58096', 174112, NULL);
INSERT INTO public.scyc_checkpoints VALUES (6, 'trained', 'f86427a5b11f7faea119bc0305d826ab57e521debe535f7800cbf9e08705616b', 217352, NULL);
INSERT INTO public.scyc_checkpoints VALUES (11, 'trained', '91ecc58176e5970254d4509848a814fd3dda6e1f11d02cb9954a57699d175d05', 217352, 'd71fe64efa173e833f55cdf6e27d716e1faf2475f81fbb5711d953be45a8e666');
INSERT INTO public.scyc_checkpoints VALUES (12, 'trained', 'b7acfe53bd1fa921558e4f91884dc6eb823c847d3f8e97c6dac2a94400d81f81', 217352, 'f86427a5b11f7faea119bc0305d826ab57e521debe535f7800cbf9e08705616b');
INSERT INTO public.scyc_checkpoints VALUES (15, 'trained', '9407133281535e223d67cfa8d828127bb1d0c3e7529c49754903988dc5f6773e', 217352, '91ecc58176e5970254d4509848a814fd3dda6e1f11d02cb9954a57699d175d05');
INSERT INTO public.scyc_checkpoints VALUES (16, 'trained', '3c9508af14213814eb3471041cc46705a526282dfe6a93b61367bd527448e5eb', 217352, 'b7acfe53bd1fa921558e4f91884dc6eb823c847d3f8e97c6dac2a94400d81f81');
INSERT INTO public.scyc_epochs VALUES (1, 0, 1.9759809875488281, 1.7335110473632813, 0.295);
INSERT INTO public.scyc_epochs VALUES (1, 1, 1.5801058959960939, 1.6282521057128907, 0.31);
INSERT INTO public.scyc_epochs VALUES (2, 0, 2.028707733154297, 1.7918470764160157, 0.305);
INSERT INTO public.scyc_epochs VALUES (2, 1, 1.6329296875, 1.64609375, 0.34);
INSERT INTO public.scyc_epochs VALUES (3, 0, 1.9503303527832032, 1.7011126708984374, 0.32375);
INSERT INTO public.scyc_epochs VALUES (3, 1, 1.476752471923828, 1.5167388916015625, 0.36875);
INSERT INTO public.scyc_epochs VALUES (4, 0, 1.983911590576172, 1.7562606811523438, 0.285);
INSERT INTO public.scyc_epochs VALUES (4, 1, 1.5555545043945314, 1.5581015014648438, 0.37625);
INSERT INTO public.scyc_epochs VALUES (5, 0, 1.9673204040527343, 1.8640606689453125, 0.2975);
INSERT INTO public.scyc_epochs VALUES (5, 1, 1.5423857116699218, 1.5118359375, 0.4025);
INSERT INTO public.scyc_epochs VALUES (6, 0, 2.0210235595703123, 2.1160214233398436, 0.2525);
INSERT INTO public.scyc_epochs VALUES (6, 1, 1.619907684326172, 1.5871614074707032, 0.36375);
INSERT INTO public.scyc_epochs VALUES (7, 0, 1.9578004455566407, 1.682945556640625, 0.30625);
INSERT INTO public.scyc_epochs VALUES (7, 1, 1.5519386291503907, 1.587607421875, 0.32875);
INSERT INTO public.scyc_epochs VALUES (8, 0, 2.00312255859375, 1.7314883422851564, 0.27625);
INSERT INTO public.scyc_epochs VALUES (8, 1, 1.5885101318359376, 1.6278451538085938, 0.32875);
INSERT INTO public.scyc_epochs VALUES (9, 0, 1.907918701171875, 1.5974635314941406, 0.3325);
INSERT INTO public.scyc_epochs VALUES (9, 1, 1.408217010498047, 1.4494769287109375, 0.39375);
INSERT INTO public.scyc_epochs VALUES (10, 0, 1.9423045349121093, 1.7079591369628906, 0.3);
INSERT INTO public.scyc_epochs VALUES (10, 1, 1.4935719299316406, 1.5314042663574219, 0.37625);
INSERT INTO public.scyc_epochs VALUES (11, 0, 1.902901153564453, 1.6949978637695313, 0.33625);
INSERT INTO public.scyc_epochs VALUES (11, 1, 1.421199188232422, 1.4553205871582031, 0.41875);
INSERT INTO public.scyc_epochs VALUES (12, 0, 1.931848602294922, 1.952550811767578, 0.225);
INSERT INTO public.scyc_epochs VALUES (12, 1, 1.5287173461914063, 1.5227044677734376, 0.3875);
INSERT INTO public.scyc_epochs VALUES (13, 0, 1.9516554260253907, 1.6190812683105469, 0.32125);
INSERT INTO public.scyc_epochs VALUES (13, 1, 1.5080799865722656, 1.5605503845214843, 0.37);
INSERT INTO public.scyc_epochs VALUES (14, 0, 1.974064178466797, 1.6975770568847657, 0.27875);
INSERT INTO public.scyc_epochs VALUES (14, 1, 1.5603309631347657, 1.609779815673828, 0.3475);
INSERT INTO public.scyc_epochs VALUES (15, 0, 1.8878501892089843, 1.6267724609375, 0.32625);
INSERT INTO public.scyc_epochs VALUES (15, 1, 1.3877958679199218, 1.4423141479492188, 0.4225);
INSERT INTO public.scyc_epochs VALUES (16, 0, 1.909029998779297, 1.6105438232421876, 0.34625);
INSERT INTO public.scyc_epochs VALUES (16, 1, 1.4160162353515624, 1.4687557983398438, 0.43);
INSERT INTO public.scyc_epochs VALUES (17, 0, 1.9487931823730469, 1.954365234375, 0.27375);
INSERT INTO public.scyc_epochs VALUES (17, 1, 1.5198599243164062, 1.4794699096679687, 0.4025);
INSERT INTO public.scyc_epochs VALUES (18, 0, 1.9218733215332031, 1.8539631652832032, 0.245);
INSERT INTO public.scyc_epochs VALUES (18, 1, 1.508439483642578, 1.486992645263672, 0.41625);
INSERT INTO public.scyc_levels VALUES (1, 0, 1, 0.4, true, '2026-11-21 05:26:00.43087+00');
INSERT INTO public.scyc_levels VALUES (1, 1, 0.8, 0.4, true, '2026-11-21 05:26:00.432491+00');
INSERT INTO public.scyc_levels VALUES (1, 2, 0.64, 0.2, false, '2026-11-21 05:26:00.433667+00');
INSERT INTO public.scyc_runs VALUES (1, 1, 'oracle', '2026-11-21 05:26:00.36977+00', 5.432331594000061);
INSERT INTO public.scyc_runs VALUES (2, 2, 'oracle', '2026-11-21 05:26:00.436639+00', 0);
INSERT INTO public.scyc_studies VALUES (1, 'real', '{"workload": "mnist1d/mlp-300-100", "levels": 3, "seeds": [0, 1], "epochs": 2, "batch_size": 64, "pruning": {"criterion": "magnitude", "scope": "global", "rate": 0.2, "rewind": "weights", "rewind_step": 0}, "profile": {"kind": "warmup-step", "warmup": 0.3, "drops": [0.5, 0.8]}, "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0005, "nesterov": false}, "search": {"method": "grid", "max_lr": {"low": 0.1, "high": 0.4, "count": 3, "scale": "log"}, "widen": 0, "batch": 4}, "resources": {"cpus_per_trial": 1, "gpus_per_trial": 0.0}}', '075a084e1ccdf07b75f81a09a7f7d1f5b941151bff395768716a9406bad5fa1b', '/data/artifacts/real', '{"versions": {"python": "3.11.7", "scyc": "0.1.0", "torch": "2.15.0", "torchvision": "0.29.2", "numpy": "2.4.6", "ray": "2.60.0", "optuna": "5.0.0", "sqlalchemy": "2.1.9", "plotly": "7.1.0"}, "hardware": {"system": "Linux x86_64", "processor": "AMD EPYC", "cores": 2, "memory_gib": 23.5, "gpus": []}, "commit": null, "started": "2026-11-21T05:24:57+00:00"}', '2026-11-21 05:26:00.365597+00');
INSERT INTO public.scyc_studies VALUES (2, 'Übung ''zwei''', '{"levels": 2, "note": "\u0394 ''quoted'' \"too\""}', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 'memory://two', '{"commit": null}', '2026-11-21 05:26:00.434824+00');
INSERT INTO public.scyc_trials VALUES (1, 1, 0, 0, 0.1, '', 0, 'complete', NULL, '2026-11-21 05:26:00.376677+00', '2026-11-21 05:26:00.37847+00', 0.31, 0.326, 1.6282521057128907, 1.6065740966796875, 1.5801058959960939, false, 1, 4.1131043400000635, '9b4226085a4c07fe51f3f3895b618b235461a40a5cbae573a6053b23d8e9506e', 'da7718de9bb59043a53e83b8f809b2ce95049dbf3b895234455c975b36fa13db');
INSERT INTO public.scyc_trials VALUES (2, 1, 0, 1, 0.1, '', 0, 'complete', NULL, '2026-11-21 05:26:00.38159+00', '2026-11-21 05:26:00.382817+00', 0.34, 0.324, 1.64609375, 1.62640380859375, 1.6329296875, false, 1, 0.0661029579996466, '6bfb720eaf888a764915755cc4b3ac47fc0e0b5614b6562aa9a8745343c728a3', '25b1b8fb44266364a076d776445899e8b346a1276024898958c4bc7cf4d58096');
INSERT INTO public.scyc_trials VALUES (3, 1, 0, 0, 0.2, '', 0, 'complete', NULL, '2026-11-21 05:26:00.384736+00', '2026-11-21 05:26:00.385964+00', 0.36875, 0.399, 1.5167388916015625, 1.4623004150390626, 1.476752471923828, false, 1, 0.06991869099965697, '6f4ec53feef0ff58fdc0d135b51febca206445dbd21419131e28dc3903c0c729', 'da7718de9bb59043a53e83b8f809b2ce95049dbf3b895234455c975b36fa13db');
INSERT INTO public.scyc_trials VALUES (4, 1, 0, 1, 0.2, '', 0, 'complete', NULL, '2026-11-21 05:26:00.387882+00', '2026-11-21 05:26:00.389155+00', 0.37625, 0.403, 1.5581015014648438, 1.5200675048828125, 1.5555545043945314, false, 1, 0.06897775000015827, 'c0d829072d5e17ac35fe8a41976e7571b313b44fb1adda146e05245df244ff5a', '25b1b8fb44266364a076d776445899e8b346a1276024898958c4bc7cf4d58096');
INSERT INTO public.scyc_trials VALUES (5, 1, 0, 0, 0.4, '', 0, 'complete', NULL, '2026-11-21 05:26:00.390938+00', '2026-11-21 05:26:00.392184+00', 0.4025, 0.394, 1.5118359375, 1.482710205078125, 1.5423857116699218, false, 1, 0.06152588199984166, 'd71fe64efa173e833f55cdf6e27d716e1faf2475f81fbb5711d953be45a8e666', 'da7718de9bb59043a53e83b8f809b2ce95049dbf3b895234455c975b36fa13db');
INSERT INTO public.scyc_trials VALUES (6, 1, 0, 1, 0.4, '', 0, 'complete', NULL, '2026-11-21 05:26:00.394865+00', '2026-11-21 05:26:00.396232+00', 0.36375, 0.365, 1.5871614074707032, 1.5453890380859374, 1.619907684326172, false, 1, 0.06589146299938875, 'f86427a5b11f7faea119bc0305d826ab57e521debe535f7800cbf9e08705616b', '25b1b8fb44266364a076d776445899e8b346a1276024898958c4bc7cf4d58096');
INSERT INTO public.scyc_trials VALUES (7, 1, 1, 0, 0.1, 'd71fe64efa173e833f55cdf6e27d716e1faf2475f81fbb5711d953be45a8e666', 0, 'complete', NULL, '2026-11-21 05:26:00.398242+00', '2026-11-21 05:26:00.399231+00', 0.32875, 0.358, 1.587607421875, 1.564107177734375, 1.5519386291503907, false, 0.8, 0.06939293699997506, 'fad1efb16cf777cdb9e8271308189d2cfd977a534ffdd0a1cdc2920a1b112f07', NULL);
INSERT INTO public.scyc_trials VALUES (8, 1, 1, 1, 0.1, 'f86427a5b11f7faea119bc0305d826ab57e521debe535f7800cbf9e08705616b', 0, 'complete', NULL, '2026-11-21 05:26:00.40081+00', '2026-11-21 05:26:00.401728+00', 0.32875, 0.341, 1.6278451538085938, 1.5995240478515624, 1.5885101318359376, false, 0.8, 0.07351962299981096, 'e2eeeded76895e2ad1c1b8f47668a701fef77be184cfa49e40b540e3508abfd7', NULL);
INSERT INTO public.scyc_trials VALUES (9, 1, 1, 0, 0.2, 'd71fe64efa173e833f55cdf6e27d716e1faf2475f81fbb5711d953be45a8e666', 0, 'complete', NULL, '2026-11-21 05:26:00.403225+00', '2026-11-21 05:26:00.40421+00', 0.39375, 0.443, 1.4494769287109375, 1.396035400390625, 1.408217010498047, false, 0.8, 0.07319175500015263, 'b9f989e41ccad93880f254fca3367d652a8d6e5bb5f6ce358fbe40be71ef88b6', NULL);
INSERT INTO public.scyc_trials VALUES (10, 1, 1, 1, 0.2, 'f86427a5b11f7faea119bc0305d826ab57e521debe535f7800cbf9e08705616b', 0, 'complete', NULL, '2026-11-21 05:26:00.405718+00', '2026-11-21 05:26:00.40664+00', 0.37625, 0.402, 1.5314042663574219, 1.48639990234375, 1.4935719299316406, false, 0.8, 0.07360301700009586, '831e9fd7b5e4dd1059d5d25e086d57dc5a173504e98abbbcd027ea46f188b66c', NULL);
INSERT INTO public.scyc_trials VALUES (11, 1, 1, 0, 0.4, 'd71fe64efa173e833f55cdf6e27d716e1faf2475f81fbb5711d953be45a8e666', 0, 'complete', NULL, '2026-11-21 05:26:00.408214+00', '2026-11-21 05:26:00.409268+00', 0.41875, 0.446, 1.4553205871582031, 1.3844783935546876, 1.421199188232422, false, 0.8, 0.07176245599930553, '91ecc58176e5970254d4509848a814fd3dda6e1f11d02cb9954a57699d175d05', NULL);
INSERT INTO public.scyc_trials VALUES (12, 1, 1, 1, 0.4, 'f86427a5b11f7faea119bc0305d826ab57e521debe535f7800cbf9e08705616b', 0, 'complete', NULL, '2026-11-21 05:26:00.41123+00', '2026-11-21 05:26:00.412268+00', 0.3875, 0.407, 1.5227044677734376, 1.4610704345703125, 1.5287173461914063, false, 0.8, 0.07350019400018937, 'b7acfe53bd1fa921558e4f91884dc6eb823c847d3f8e97c6dac2a94400d81f81', NULL);
INSERT INTO public.scyc_trials VALUES (13, 1, 2, 0, 0.1, '91ecc58176e5970254d4509848a814fd3dda6e1f11d02cb9954a57699d175d05', 0, 'complete', NULL, '2026-11-21 05:26:00.41388+00', '2026-11-21 05:26:00.414733+00', 0.37, 0.381, 1.5605503845214843, 1.5215731201171876, 1.5080799865722656, false, 0.64, 0.07257790099993144, 'd2d79222c50c7ea49e644d651af423b743afed36ca21097fd4b552de3a653a46', NULL);
INSERT INTO public.scyc_trials VALUES (14, 1, 2, 1, 0.1, 'b7acfe53bd1fa921558e4f91884dc6eb823c847d3f8e97c6dac2a94400d81f81', 0, 'complete', NULL, '2026-11-21 05:26:00.416246+00', '2026-11-21 05:26:00.417154+00', 0.3475, 0.356, 1.609779815673828, 1.5809732666015626, 1.5603309631347657, false, 0.64, 0.07354234699960216, '32e6bab8f86d2ae1d76fec4884868e5760af3afd6d7cf46c701125a94683d99b', NULL);
INSERT INTO public.scyc_trials VALUES (15, 1, 2, 0, 0.2, '91ecc58176e5970254d4509848a814fd3dda6e1f11d02cb9954a57699d175d05', 0, 'complete', NULL, '2026-11-21 05:26:00.418683+00', '2026-11-21 05:26:00.419582+00', 0.4225, 0.46, 1.4423141479492188, 1.373816650390625, 1.3877958679199218, false, 0.64, 0.07423706199915614, '9407133281535e223d67cfa8d828127bb1d0c3e7529c49754903988dc5f6773e', NULL);
INSERT INTO public.scyc_trials VALUES (16, 1, 2, 1, 0.2, 'b7acfe53bd1fa921558e4f91884dc6eb823c847d3f8e97c6dac2a94400d81f81', 0, 'complete', NULL, '2026-11-21 05:26:00.421504+00', '2026-11-21 05:26:00.422482+00', 0.43, 0.436, 1.4687557983398438, 1.4233416748046874, 1.4160162353515624, false, 0.64, 0.07288992599933408, '3c9508af14213814eb3471041cc46705a526282dfe6a93b61367bd527448e5eb', NULL);
INSERT INTO public.scyc_trials VALUES (17, 1, 2, 0, 0.4, '91ecc58176e5970254d4509848a814fd3dda6e1f11d02cb9954a57699d175d05', 0, 'complete', NULL, '2026-11-21 05:26:00.424289+00', '2026-11-21 05:26:00.425333+00', 0.4025, 0.437, 1.4794699096679687, 1.4133255615234375, 1.5198599243164062, false, 0.64, 0.06870688599974528, '94f482a78c9aaf31ca7af100c9e5698ed8393141ccc168d736aaf5b097f5dd59', NULL);
INSERT INTO public.scyc_trials VALUES (18, 1, 2, 1, 0.4, 'b7acfe53bd1fa921558e4f91884dc6eb823c847d3f8e97c6dac2a94400d81f81', 0, 'complete', NULL, '2026-11-21 05:26:00.426951+00', '2026-11-21 05:26:00.427989+00', 0.41625, 0.434, 1.486992645263672, 1.4231568603515625, 1.508439483642578, false, 0.64, 0.06867141399925458, '57c4de15d4968541028aea7e0d5c1b600b2858005b74096e53ecb07bd64d716a', NULL);
INSERT INTO public.scyc_trials VALUES (21, 2, 0, 2147483647, 0.30000000000000004, '', 0, 'pending', NULL, '2026-11-21 05:26:00.437898+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.scyc_trials VALUES (19, 2, 0, 0, 0.30000000000000004, '', 0, 'failed', 'Traceback (most recent call last):
  File "x.py", line 1
RuntimeError: CUDA ''out'' of memory;
', '2026-11-21 05:26:00.437898+00', '2026-11-21 05:26:00.439431+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.scyc_trials VALUES (20, 2, 0, 1, 0.30000000000000004, '', 0, 'complete', NULL, '2026-11-21 05:26:00.437898+00', '2026-11-21 05:26:00.440592+00', 0.1, 0.1, NULL, NULL, NULL, true, 1, 0.25, 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', NULL);
INSERT INTO public.scyc_version VALUES ('0001');
SELECT pg_catalog.setval('public.scyc_runs_id_seq', 3, true);
SELECT pg_catalog.setval('public.scyc_studies_id_seq', 3, true);
SELECT pg_catalog.setval('public.scyc_trials_id_seq', 22, true);
ALTER TABLE ONLY public.scyc_checkpoints
    ADD CONSTRAINT pk_scyc_checkpoints PRIMARY KEY (trial_id, kind);
ALTER TABLE ONLY public.scyc_epochs
    ADD CONSTRAINT pk_scyc_epochs PRIMARY KEY (trial_id, epoch);
ALTER TABLE ONLY public.scyc_levels
    ADD CONSTRAINT pk_scyc_levels PRIMARY KEY (run_id, level);
ALTER TABLE ONLY public.scyc_runs
    ADD CONSTRAINT pk_scyc_runs PRIMARY KEY (id);
ALTER TABLE ONLY public.scyc_studies
    ADD CONSTRAINT pk_scyc_studies PRIMARY KEY (id);
ALTER TABLE ONLY public.scyc_trials
    ADD CONSTRAINT pk_scyc_trials PRIMARY KEY (id);
ALTER TABLE ONLY public.scyc_version
    ADD CONSTRAINT scyc_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.scyc_runs
    ADD CONSTRAINT uq_scyc_runs UNIQUE (study_id, name);
ALTER TABLE ONLY public.scyc_studies
    ADD CONSTRAINT uq_scyc_studies UNIQUE (name);
ALTER TABLE ONLY public.scyc_trials
    ADD CONSTRAINT uq_scyc_trials UNIQUE (run_id, level, seed, max_lr, parent);
CREATE INDEX ix_scyc_checkpoints_hash ON public.scyc_checkpoints USING btree (hash);
CREATE INDEX ix_scyc_trials_state ON public.scyc_trials USING btree (run_id, state);
ALTER TABLE ONLY public.scyc_checkpoints
    ADD CONSTRAINT fk_scyc_checkpoints_trial_id FOREIGN KEY (trial_id) REFERENCES public.scyc_trials(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.scyc_epochs
    ADD CONSTRAINT fk_scyc_epochs_trial_id FOREIGN KEY (trial_id) REFERENCES public.scyc_trials(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.scyc_levels
    ADD CONSTRAINT fk_scyc_levels_run_id FOREIGN KEY (run_id) REFERENCES public.scyc_runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.scyc_runs
    ADD CONSTRAINT fk_scyc_runs_study_id FOREIGN KEY (study_id) REFERENCES public.scyc_studies(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.scyc_trials
    ADD CONSTRAINT fk_scyc_trials_run_id FOREIGN KEY (run_id) REFERENCES public.scyc_runs(id) ON DELETE CASCADE;
