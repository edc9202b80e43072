BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE allowances (
	workspace TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	credits INTEGER, 
	period TEXT NOT NULL, 
	blocked INTEGER NOT NULL, 
	set_by TEXT NOT NULL, 
	set_at BIGINT NOT NULL, 
	PRIMARY KEY (workspace, scope), 
	CONSTRAINT allowances_not_negative CHECK (credits >= 0)
);
INSERT INTO "allowances" VALUES('discord:4711','role:design',200,'week',0,'admin',1795348800000000);
INSERT INTO "allowances" VALUES('discord:4711','member:ben',NULL,'month',0,'admin',1795348800000000);
CREATE TABLE buckets (
	id TEXT NOT NULL, 
	held INTEGER NOT NULL, 
	captured INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT buckets_captured CHECK (captured >= 0), 
	CONSTRAINT buckets_held CHECK (held >= 0)
);
INSERT INTO "buckets" VALUES('discord:4711|member|ben|month|2026-11-01',75,0);
INSERT INTO "buckets" VALUES('discord:4711|member|ada|month|2026-11-01',50,25);
INSERT INTO "buckets" VALUES('discord:4711|unreconciled',0,25);
INSERT INTO "buckets" VALUES('discord:4711|workspace',0,25);
CREATE TABLE candidates (
	"group" TEXT NOT NULL, 
	replica TEXT NOT NULL, 
	PRIMARY KEY ("group", replica)
);
CREATE TABLE changes (
	seq INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	workspace TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	action TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"before" TEXT, 
	"after" TEXT, 
	why TEXT, 
	PRIMARY KEY (seq)
);
INSERT INTO "changes" VALUES(1,1795348800000000,'discord:4711','admin','set','role:design',NULL,'200 a week','the first week');
INSERT INTO "changes" VALUES(2,1795348800000000,'discord:4711','admin','set','member:ben',NULL,'unlimited','the first week');
INSERT INTO "changes" VALUES(3,1795348800000000,'discord:4711','admin','settings','zone',NULL,'Europe/Berlin','the first week');
INSERT INTO "changes" VALUES(4,1795348800000000,'discord:4711','admin','grant','member:ada','0 granted','100 granted (until 2026-12-22 12:00 UTC)','the first week');
CREATE TABLE chat_messages (
	seq INTEGER NOT NULL, 
	"key" TEXT, 
	revision BIGINT NOT NULL, 
	private_to TEXT, 
	body TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE ("key"), 
	UNIQUE (revision)
);
CREATE TABLE chores (
	name TEXT NOT NULL, 
	day TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE drafts (
	id TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	request TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	parent TEXT, 
	state TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	decided_by TEXT, 
	alert TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "drafts" VALUES('draft1','discord:4711','ada','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','command',NULL,'asked',1795348800000000,NULL,NULL);
CREATE TABLE grants (
	id TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	credits INTEGER NOT NULL, 
	expires_at BIGINT, 
	given_by TEXT NOT NULL, 
	given_at BIGINT NOT NULL, taken INTEGER DEFAULT 0 NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT grants_positive CHECK (credits > 0)
);
INSERT INTO "grants" VALUES('e07f25d587686393','discord:4711','ada',100,1797940800000000,'admin',1795348800000000,0);
CREATE TABLE hold_legs (
	job TEXT NOT NULL, 
	bucket TEXT NOT NULL, 
	place INTEGER NOT NULL, 
	amount INTEGER NOT NULL, 
	pays INTEGER NOT NULL, 
	PRIMARY KEY (job, bucket), 
	CONSTRAINT hold_legs_not_negative CHECK (amount >= 0), 
	FOREIGN KEY(bucket) REFERENCES buckets (id), 
	FOREIGN KEY(job) REFERENCES holds (job)
);
INSERT INTO "hold_legs" VALUES('job-queued','discord:4711|member|ben|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-submitting','discord:4711|member|ada|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-running','discord:4711|member|ben|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-collecting','discord:4711|member|ada|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-delivering','discord:4711|member|ben|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-delivered','discord:4711|member|ada|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-failed','discord:4711|member|ben|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-cancelled','discord:4711|member|ada|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-uncertain','discord:4711|member|ben|month|2026-11-01',0,25,1);
INSERT INTO "hold_legs" VALUES('job-undeliverable','discord:4711|member|ada|month|2026-11-01',0,25,1);
CREATE TABLE holds (
	job TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	amount INTEGER NOT NULL, 
	allowance INTEGER, 
	open INTEGER NOT NULL, 
	PRIMARY KEY (job), 
	CONSTRAINT holds_not_negative CHECK (amount >= 0), 
	FOREIGN KEY(job) REFERENCES jobs (id)
);
INSERT INTO "holds" VALUES('job-queued','discord:4711','ben',25,500,1);
INSERT INTO "holds" VALUES('job-submitting','discord:4711','ada',25,500,1);
INSERT INTO "holds" VALUES('job-running','discord:4711','ben',25,500,1);
INSERT INTO "holds" VALUES('job-collecting','discord:4711','ada',25,500,1);
INSERT INTO "holds" VALUES('job-delivering','discord:4711','ben',25,500,1);
INSERT INTO "holds" VALUES('job-delivered','discord:4711','ada',25,500,0);
INSERT INTO "holds" VALUES('job-failed','discord:4711','ben',25,500,0);
INSERT INTO "holds" VALUES('job-cancelled','discord:4711','ada',25,500,0);
INSERT INTO "holds" VALUES('job-uncertain','discord:4711','ben',25,500,0);
INSERT INTO "holds" VALUES('job-undeliverable','discord:4711','ada',25,500,0);
CREATE TABLE install_states (
	state TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	PRIMARY KEY (state)
);
CREATE TABLE installations (
	platform TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	data TEXT NOT NULL, 
	PRIMARY KEY (platform, workspace, member)
);
INSERT INTO "installations" VALUES('slack','T1','',1795348800000000,'{"bot_token": "xoxb-of-a-test"}');
CREATE TABLE jobs (
	seq INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	request TEXT NOT NULL, 
	model TEXT NOT NULL, 
	duration INTEGER, 
	state TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	parent TEXT, 
	created_at BIGINT NOT NULL, 
	due_at BIGINT, 
	attempts INTEGER NOT NULL, 
	task_id TEXT, 
	cancel_requested INTEGER NOT NULL, 
	submitted_at BIGINT, 
	started_at BIGINT, 
	noticed_at BIGINT, 
	finished_at BIGINT, 
	outputs TEXT, 
	cost INTEGER, 
	charged INTEGER, 
	failure TEXT, 
	card TEXT, 
	result TEXT, 
	told INTEGER NOT NULL, accepted_by TEXT, holder TEXT, fence INTEGER DEFAULT 0 NOT NULL, taken_at BIGINT, 
	PRIMARY KEY (seq), 
	UNIQUE (id), 
	UNIQUE (task_id)
);
INSERT INTO "jobs" VALUES(1,'job-queued','discord:4711','ben','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'queued','command',NULL,1795348800000000,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(2,'job-submitting','discord:4711','ada','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'submitting','command',NULL,1795348860000000,NULL,1,NULL,0,1795348860000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(3,'job-running','discord:4711','ben','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'running','command',NULL,1795348920000000,NULL,1,'task-running',0,1795348920000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(4,'job-collecting','discord:4711','ada','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'collecting','command',NULL,1795348980000000,NULL,1,'task-collecting',0,1795348980000000,1795348980000000,1795348980000000,NULL,NULL,25,NULL,NULL,NULL,NULL,0,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(5,'job-delivering','discord:4711','ben','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'delivering','command',NULL,1795349040000000,NULL,1,'task-delivering',0,1795349040000000,1795349040000000,1795349040000000,NULL,'[{"key":"outputs/x/0.mp4","kind":"video","content_type":"video/mp4","size":1000,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","name":"x.mp4","width":1280,"height":720,"animated":false,"hdr":false}]',25,NULL,NULL,NULL,NULL,0,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(6,'job-delivered','discord:4711','ada','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'delivered','command',NULL,1795349100000000,NULL,1,'task-delivered',0,1795349100000000,1795349100000000,1795349100000000,1795349100000000,'[{"key":"outputs/x/0.mp4","kind":"video","content_type":"video/mp4","size":1000,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","name":"x.mp4","width":1280,"height":720,"animated":false,"hdr":false}]',NULL,25,NULL,NULL,NULL,1,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(7,'job-failed','discord:4711','ben','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'failed','command',NULL,1795349160000000,NULL,1,'task-failed',0,1795349160000000,NULL,NULL,1795349160000000,NULL,NULL,0,'INTERNAL',NULL,NULL,1,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(8,'job-cancelled','discord:4711','ada','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'cancelled','command',NULL,1795349220000000,NULL,0,NULL,0,NULL,NULL,NULL,1795349220000000,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(9,'job-uncertain','discord:4711','ben','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'uncertain','command',NULL,1795349280000000,NULL,1,NULL,0,1795349280000000,NULL,NULL,1795349280000000,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES(10,'job-undeliverable','discord:4711','ada','main','{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox, “dusk” 🦊","price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}','gen4_turbo',5,'undeliverable','command',NULL,1795349340000000,NULL,1,'task-undeliverable',0,1795349340000000,1795349340000000,1795349340000000,1795349340000000,'[{"key":"outputs/x/0.mp4","kind":"video","content_type":"video/mp4","size":1000,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","name":"x.mp4","width":1280,"height":720,"animated":false,"hdr":false}]',NULL,0,NULL,NULL,NULL,1,NULL,NULL,0,NULL);
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	job TEXT NOT NULL, 
	bucket TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT, 
	kind TEXT NOT NULL, 
	held INTEGER NOT NULL, 
	captured INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (seq), 
	CONSTRAINT ledger_once UNIQUE (job, bucket, kind)
);
INSERT INTO "ledger" VALUES(1,'job-queued','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','hold',25,0,1795348800000000);
INSERT INTO "ledger" VALUES(2,'job-submitting','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','hold',25,0,1795348860000000);
INSERT INTO "ledger" VALUES(3,'job-running','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','hold',25,0,1795348920000000);
INSERT INTO "ledger" VALUES(4,'job-collecting','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','hold',25,0,1795348980000000);
INSERT INTO "ledger" VALUES(5,'job-delivering','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','hold',25,0,1795349040000000);
INSERT INTO "ledger" VALUES(6,'job-delivered','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','hold',25,0,1795349100000000);
INSERT INTO "ledger" VALUES(7,'job-delivered','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','capture',-25,25,1795349100000000);
INSERT INTO "ledger" VALUES(8,'job-failed','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','hold',25,0,1795349160000000);
INSERT INTO "ledger" VALUES(9,'job-failed','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','release',-25,0,1795349160000000);
INSERT INTO "ledger" VALUES(10,'job-cancelled','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','hold',25,0,1795349220000000);
INSERT INTO "ledger" VALUES(11,'job-cancelled','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','release',-25,0,1795349220000000);
INSERT INTO "ledger" VALUES(12,'job-uncertain','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','hold',25,0,1795349280000000);
INSERT INTO "ledger" VALUES(13,'job-uncertain','discord:4711|member|ben|month|2026-11-01','discord:4711','ben','release',-25,0,1795349280000000);
INSERT INTO "ledger" VALUES(14,'job-uncertain','discord:4711|unreconciled','discord:4711',NULL,'booking',0,25,1795349280000000);
INSERT INTO "ledger" VALUES(15,'job-undeliverable','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','hold',25,0,1795349340000000);
INSERT INTO "ledger" VALUES(16,'job-undeliverable','discord:4711|member|ada|month|2026-11-01','discord:4711','ada','release',-25,0,1795349340000000);
INSERT INTO "ledger" VALUES(17,'job-undeliverable','discord:4711|workspace','discord:4711',NULL,'booking',0,25,1795349340000000);
CREATE TABLE notices (
	"key" TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT, 
	channel TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	told INTEGER NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE once (
	"key" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	job TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "once" VALUES('event-queued',1795348800000000,'job-queued');
INSERT INTO "once" VALUES('event-submitting',1795348860000000,'job-submitting');
INSERT INTO "once" VALUES('event-running',1795348920000000,'job-running');
INSERT INTO "once" VALUES('event-collecting',1795348980000000,'job-collecting');
INSERT INTO "once" VALUES('event-delivering',1795349040000000,'job-delivering');
INSERT INTO "once" VALUES('event-delivered',1795349100000000,'job-delivered');
INSERT INTO "once" VALUES('event-failed',1795349160000000,'job-failed');
INSERT INTO "once" VALUES('event-cancelled',1795349220000000,'job-cancelled');
INSERT INTO "once" VALUES('event-uncertain',1795349280000000,'job-uncertain');
INSERT INTO "once" VALUES('event-undeliverable',1795349340000000,'job-undeliverable');
CREATE TABLE orders (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	job TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	answer TEXT, done INTEGER, 
	PRIMARY KEY (id)
);
INSERT INTO "orders" VALUES('order1','retry','job-failed',1795348800000000,NULL,NULL);
CREATE TABLE receipts (
	workspace TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	thread TEXT NOT NULL, 
	begun_at BIGINT NOT NULL, 
	subject TEXT, 
	state TEXT NOT NULL, 
	message TEXT, 
	facts TEXT NOT NULL, 
	PRIMARY KEY (workspace, "key")
);
INSERT INTO "receipts" VALUES('discord:4711','result:job-delivered','main','',1795348800000000,'job-delivered','posted','1700.1','{}');
CREATE TABLE replicas (
	id TEXT NOT NULL, 
	lease_until BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE secrets (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "secrets" VALUES('links','c9fa8d06a0311be11dc91e70dc60e4aae79b0851d60501b2e1759cf17a664475');
CREATE TABLE shares (
	"group" TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	holder TEXT NOT NULL, 
	PRIMARY KEY ("group", number)
);
CREATE TABLE standings (
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	bucket TEXT NOT NULL, 
	PRIMARY KEY (workspace, member)
);
INSERT INTO "standings" VALUES('discord:4711','ben','discord:4711|member|ben|month|2026-11-01');
INSERT INTO "standings" VALUES('discord:4711','ada','discord:4711|member|ada|month|2026-11-01');
CREATE TABLE strikes (
	job TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (job)
);
CREATE TABLE turns (
	model TEXT NOT NULL, 
	workspace TEXT NOT NULL, 
	member TEXT NOT NULL, 
	turn BIGINT NOT NULL, 
	PRIMARY KEY (model, workspace, member)
);
CREATE TABLE workspaces (
	workspace TEXT NOT NULL, 
	time_zone TEXT, 
	alert_channel TEXT, confirm_above INTEGER, 
	PRIMARY KEY (workspace)
);
INSERT INTO "workspaces" VALUES('discord:4711','Europe/Berlin',NULL,NULL);
CREATE INDEX drafts_open ON drafts (expires_at) WHERE state IN ('unconfirmed', 'refused', 'asked');
CREATE INDEX grants_of_member ON grants (workspace, member);
CREATE INDEX jobs_finished ON jobs (state, finished_at);
CREATE INDEX jobs_of_card ON jobs (card);
CREATE INDEX jobs_of_member ON jobs (workspace, member, seq);
CREATE INDEX jobs_of_result ON jobs (result);
CREATE INDEX jobs_open ON jobs (state, seq) WHERE told = 0;
CREATE INDEX ledger_of_bucket ON ledger (bucket);
CREATE INDEX ledger_of_member ON ledger (workspace, member, at, seq);
CREATE INDEX notices_untold ON notices ("key") WHERE told = 0;
CREATE INDEX receipts_of_message ON receipts (workspace, channel, message);
CREATE INDEX strikes_of_member ON strikes (workspace, member, at);
CREATE INDEX holds_open ON holds (workspace, member) WHERE open = 1;
CREATE INDEX changes_of_workspace ON changes (workspace, seq);
COMMIT;
