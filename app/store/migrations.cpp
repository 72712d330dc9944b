#include "app/store/migrations.h"

#include "app/store/connection.h"

#include <span>

namespace sealift {
namespace {

// clang-format off
constexpr const char* kStation[] = {
  "PRAGMA application_id=1397047628",  // kApplicationId
  "CREATE TABLE setting("
  "  key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
  "CREATE TABLE vendor("
  "  id TEXT PRIMARY KEY, name TEXT NOT NULL, addresses TEXT NOT NULL CHECK(json_valid(addresses)),"
  "  initial_root BLOB NOT NULL, fingerprint TEXT NOT NULL, metadata_folder TEXT NOT NULL,"
  "  added_ms INTEGER NOT NULL) STRICT",
  "CREATE TABLE device("
  "  id TEXT PRIMARY KEY, vendor_id TEXT NOT NULL, model_id TEXT NOT NULL, serial TEXT NOT NULL,"
  "  address TEXT NOT NULL, given_name TEXT NOT NULL DEFAULT '', snapshot BLOB NOT NULL,"
  "  last_seen_ms INTEGER NOT NULL) STRICT",
  "CREATE TABLE address("
  "  address TEXT PRIMARY KEY, note TEXT NOT NULL, added_ms INTEGER NOT NULL) STRICT",
  "CREATE TABLE plan("
  "  digest TEXT PRIMARY KEY, device_id TEXT NOT NULL, json BLOB NOT NULL, made_ms INTEGER NOT NULL) STRICT",
  "CREATE TABLE consent("
  "  id INTEGER PRIMARY KEY, plan_digest TEXT NOT NULL REFERENCES plan(digest), operator TEXT NOT NULL,"
  "  notes_hash TEXT NOT NULL, given_ms INTEGER NOT NULL, withdrawn_ms INTEGER) STRICT",
  "CREATE INDEX consent_of_plan ON consent(plan_digest)",
  "CREATE TABLE deferral("
  "  scope TEXT NOT NULL CHECK(scope IN ('device','model')), scope_id TEXT NOT NULL, release_path TEXT NOT NULL,"
  "  version TEXT NOT NULL, image_hash TEXT NOT NULL, kind TEXT NOT NULL CHECK(kind IN ('skip','remind')),"
  "  until_ms INTEGER, made_ms INTEGER NOT NULL,"
  "  PRIMARY KEY(scope, scope_id, release_path)) STRICT, WITHOUT ROWID",
  "CREATE TABLE job("
  "  id TEXT PRIMARY KEY, device_id TEXT NOT NULL, plan_digest TEXT NOT NULL REFERENCES plan(digest),"
  "  state TEXT NOT NULL, stage TEXT NOT NULL, outcome TEXT NOT NULL, error_code TEXT NOT NULL,"
  "  started_ms INTEGER NOT NULL, ended_ms INTEGER, summary BLOB NOT NULL) STRICT",
  "CREATE INDEX job_of_plan ON job(plan_digest)",
  "CREATE INDEX job_of_device ON job(device_id, started_ms)",
  "CREATE INDEX job_started ON job(started_ms)",
  "CREATE INDEX job_unfinished ON job(started_ms) WHERE ended_ms IS NULL",
  "CREATE TABLE journal("
  "  job_id TEXT NOT NULL REFERENCES job(id), sequence INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
  "  step TEXT NOT NULL, phase TEXT NOT NULL CHECK(phase IN ('intent','result')), detail BLOB NOT NULL,"
  "  PRIMARY KEY(job_id, sequence)) STRICT, WITHOUT ROWID",
};

// The leaf is the entry; everything else about it is computed from the leaf, so that there is nothing beside the
// tree that could say something else. Interior nodes: level 1 is over two leaves; only complete subtrees
// (RFC 6962 section 2.1). audit_scan carries what the window filters by, newest entries last.
constexpr const char* kAudit[] = {
  "CREATE TABLE audit_entry("
  "  seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL, leaf_hash BLOB NOT NULL,"
  "  time_ms INTEGER GENERATED ALWAYS AS (json_extract(leaf,'$.time')) VIRTUAL,"
  "  event TEXT GENERATED ALWAYS AS (json_extract(leaf,'$.event')) VIRTUAL,"
  "  family TEXT GENERATED ALWAYS AS"
  "    (substr(json_extract(leaf,'$.event'), 1, instr(json_extract(leaf,'$.event'),'.')-1)) VIRTUAL,"
  "  outcome TEXT GENERATED ALWAYS AS (json_extract(leaf,'$.outcome')) VIRTUAL,"
  "  subject_id TEXT GENERATED ALWAYS AS (json_extract(leaf,'$.subject.id')) VIRTUAL,"
  "  words TEXT GENERATED ALWAYS AS"
  "    (json_extract(leaf,'$.actor')||' '||json_extract(leaf,'$.event')||' '||json_extract(leaf,'$.code')||' '||"
  "     json_extract(leaf,'$.subject.id')||' '||json_extract(leaf,'$.subject.name')||' '||"
  "     json_extract(leaf,'$.message')) VIRTUAL) STRICT",
  "CREATE INDEX audit_scan ON audit_entry(seq, time_ms, family, event, outcome)",
  "CREATE INDEX audit_event ON audit_entry(event)",
  "CREATE INDEX audit_outcome ON audit_entry(outcome)",
  "CREATE INDEX audit_subject ON audit_entry(subject_id)",
  "CREATE INDEX audit_time ON audit_entry(time_ms)",
  "CREATE VIRTUAL TABLE audit_search USING fts5("
  "  words, content='audit_entry', content_rowid='seq', tokenize='unicode61')",
  "CREATE TABLE audit_node("
  "  level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,"
  "  PRIMARY KEY(level, position)) STRICT, WITHOUT ROWID",
  "CREATE TABLE audit_head("
  "  tree_size INTEGER PRIMARY KEY, root_hash BLOB NOT NULL, time_ms INTEGER NOT NULL, key_id BLOB NOT NULL,"
  "  signature BLOB NOT NULL) STRICT",
  "CREATE TABLE audit_checkpoint("
  "  tree_size INTEGER PRIMARY KEY, root_hash BLOB NOT NULL, time_ms INTEGER NOT NULL, key_id BLOB NOT NULL,"
  "  signature BLOB NOT NULL) STRICT",
};

// What is scheduled already keeps its time.
constexpr const char* kQueue[] = {
  "CREATE TABLE queue("
  "  job_id TEXT PRIMARY KEY REFERENCES job(id), arrival INTEGER NOT NULL UNIQUE, priority INTEGER NOT NULL,"
  "  schedule BLOB NOT NULL, attempts INTEGER NOT NULL, most_attempts INTEGER NOT NULL,"
  "  not_before_ms INTEGER NOT NULL, told_ms INTEGER NOT NULL, expected_seconds INTEGER NOT NULL)"
  "  STRICT, WITHOUT ROWID",
  "INSERT INTO queue SELECT id, row_number() OVER (ORDER BY started_ms, id), 0,"
  "  CAST(json_object('kind','at','at',json_extract(CAST(summary AS TEXT),'$.startAt')) AS BLOB), 0, 1, 0, started_ms, 0"
  "  FROM job WHERE state='scheduled' AND ended_ms IS NULL",
};

// A unit is vendor/model/serial, or the address of a device without a serial number: `told` is the highest counter that
// the device itself told, `installed` the highest security version that a job proved to run on it.
// A release's id holds its hash; its jobs are found by it. What a summary without it gives is NULL.
constexpr const char* kRollback[] = {
  "CREATE TABLE security_floor("
  "  unit TEXT PRIMARY KEY, told INTEGER, installed INTEGER, fell_to INTEGER, fell_ms INTEGER,"
  "  CHECK(told IS NOT NULL OR installed IS NOT NULL)) STRICT, WITHOUT ROWID",
  "INSERT INTO security_floor(unit, told)"
  "  SELECT CASE WHEN instr(key,'@')>0 THEN substr(key,18,instr(key,'@')-18) ELSE substr(key,18) END AS unit,"
  "    max(CAST(value AS INTEGER)) FROM setting WHERE key LIKE 'security-version.%' GROUP BY 1",
  "DELETE FROM setting WHERE key LIKE 'security-version.%'",
  "CREATE TABLE operator_account("
  "  key TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL"
  "    CHECK(role IN ('operator','technician','supervisor','auditor')),"
  "  password TEXT NOT NULL, changed_ms INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0,"
  "  failed_boot TEXT NOT NULL DEFAULT '', failed_at_ms INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID",
  "CREATE TABLE release_rule("
  "  scope TEXT NOT NULL CHECK(scope IN ('device','model')), scope_id TEXT NOT NULL,"
  "  kind TEXT NOT NULL CHECK(kind IN ('skip','block','pin')), version TEXT NOT NULL, image_hash TEXT NOT NULL,"
  "  reason TEXT NOT NULL, made_by TEXT NOT NULL, made_ms INTEGER NOT NULL,"
  "  PRIMARY KEY(scope, scope_id, kind, version, image_hash)) STRICT, WITHOUT ROWID",
  "CREATE UNIQUE INDEX release_pin ON release_rule(scope, scope_id) WHERE kind='pin'",
  "INSERT INTO release_rule SELECT scope, scope_id, 'skip', version, image_hash, '', '', made_ms"
  "  FROM deferral WHERE kind='skip'",
  "DELETE FROM deferral WHERE kind='skip'",
  "CREATE TABLE release_pause("
  "  release TEXT PRIMARY KEY, vendor_id TEXT NOT NULL, model_id TEXT NOT NULL, version TEXT NOT NULL,"
  "  devices TEXT NOT NULL CHECK(json_valid(devices)), paused_ms INTEGER NOT NULL, resumed_ms INTEGER,"
  "  resumed_by TEXT NOT NULL DEFAULT '', resume_reason TEXT NOT NULL DEFAULT '',"
  "  forgiven TEXT NOT NULL CHECK(json_valid(forgiven))) STRICT, WITHOUT ROWID",
  "ALTER TABLE job ADD COLUMN release TEXT GENERATED ALWAYS AS"
  "  (CASE WHEN json_valid(CAST(summary AS TEXT)) THEN json_extract(CAST(summary AS TEXT),'$.release') END) VIRTUAL",
  "CREATE INDEX job_of_release ON job(release, ended_ms)",
  "ALTER TABLE consent ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
  "ALTER TABLE consent ADD COLUMN agreed_by TEXT NOT NULL DEFAULT ''",
};
// clang-format on

struct Migration {
  int number;
  std::span<const char* const> statements;
};

constexpr Migration kMigrations[] = {
    {1, kStation},
    {2, kAudit},
    {3, kQueue},
    {4, kRollback},
};

Status migrateOne(Connection& connection, const Migration& migration) {
  SEALIFT_CHECK(connection.begin(u"BEGIN IMMEDIATE"));
  const Status done = [&]() -> Status {
    for (const char* statement : migration.statements) {
      SEALIFT_CHECK(connection.execute(QString::fromLatin1(statement)));
    }
    SEALIFT_CHECK(connection.execute(QStringLiteral("PRAGMA user_version=%1").arg(migration.number)));
    return connection.commit();
  }();
  if (!done) {
    connection.rollback();
  }
  return done;
}

}  // namespace

int newestSchema() {
  return std::end(kMigrations)[-1].number;
}

Status checkSchemaVersion(Connection& connection) {
  SEALIFT_TRY(const qint64 version, connection.readInteger(u"PRAGMA user_version"));
  SEALIFT_TRY(const qint64 application, connection.readInteger(u"PRAGMA application_id"));
  SEALIFT_TRY(const qint64 tables, connection.readInteger(u"SELECT count(*) FROM sqlite_schema"));
  if (tables > 0 && application != kApplicationId) {
    return fail(ErrorCode::StoreOpen, QStringLiteral("The database in the data folder belongs to another program."),
                QStringLiteral("Choose another data folder."));
  }
  if (version > newestSchema()) {
    return fail(ErrorCode::StoreNewer,
                QStringLiteral("The database has schema %1; this Sealift knows schemas up to %2.")
                    .arg(version)
                    .arg(newestSchema()));
  }
  return {};
}

Status migrate(Connection& connection) {
  SEALIFT_TRY(const qint64 version, connection.readInteger(u"PRAGMA user_version"));
  for (const Migration& migration : kMigrations) {
    if (migration.number > version) {
      SEALIFT_CHECK(migrateOne(connection, migration));
    }
  }
  return {};
}

}  // namespace sealift
