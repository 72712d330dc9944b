#include "app/audit/audit_verifier.h"

#include "app/audit/audit_store.h"
#include "app/audit/entry.h"
#include "app/audit/node_stream.h"
#include "app/store/transaction.h"

#include <algorithm>
#include <map>

namespace sealift {
namespace {

constexpr qint64 kEntriesPerLook = 2048;  // between looks at the CancelToken

class Verifier {
 public:
  Verifier(Database& database, const AuditVerifyOptions& options) : database_(database), options_(options) {}

  Status run(Progress& progress, const CancelToken& cancel);
  AuditReport takeReport() { return std::move(report_); }
  void add(AuditFindingKind kind, qint64 sequence, const QString& what);

 private:
  struct Expected {  // a head that the tree of this size must have
    HeadKind kind;
    TreeHead head;
    AuditFindingKind finding;
    QString name;
  };

  Status loadHeads();
  void expectHead(const Expected& expected);
  Status readEntries(Progress& progress, const CancelToken& cancel);
  Status checkEntry(qint64 sequence, const QByteArray& leaf, const QByteArray& storedHash);
  Status checkNode(int level, qint64 position, const QByteArray& hash);
  void checkHeadsOfSize(qint64 size);
  Status checkRest();
  bool isKnownBad(qint64 first, qint64 last) const;

  Database& database_;
  const AuditVerifyOptions& options_;
  AuditReport report_;
  std::multimap<qint64, Expected> heads_;  // by tree size
  NodeStreams nodes_{database_};
  MerkleFrontier frontier_;
  qint64 lastSequence_ = 0;
  qint64 provenSize_ = 0;  // the largest tree whose root a valid head confirmed
  bool isWhole_ = true;    // no entry was missing so far, so that the tree can be followed
};

void Verifier::add(AuditFindingKind kind, qint64 sequence, const QString& what) {
  ++report_.findingCount;
  if (kind != AuditFindingKind::IndexWrong) {
    report_.firstBad = std::min(report_.firstBad.value_or(sequence), sequence);
  }
  if (report_.findings.size() < AuditReport::kMaxFindings) {
    report_.findings.append({kind, sequence, what});
  }
}

bool Verifier::isKnownBad(qint64 first, qint64 last) const {
  return std::any_of(report_.findings.begin(), report_.findings.end(), [&](const AuditFinding& finding) {
    return finding.sequence >= first && finding.sequence <= last;
  });
}

Status Verifier::run(Progress& progress, const CancelToken& cancel) {
  SEALIFT_CHECK(loadHeads());
  SEALIFT_CHECK(readEntries(progress, cancel));
  return checkRest();
}

Status Verifier::loadHeads() {
  SEALIFT_TRY(report_.head, AuditStore(database_).readHead());
  if (report_.head) {
    expectHead({HeadKind::Head, *report_.head, AuditFindingKind::HeadWrong, QStringLiteral("The log's signed head")});
  }
  for (const TreeHead& head : options_.knownHeads) {
    expectHead({HeadKind::Head, head, AuditFindingKind::KnownHeadWrong, QStringLiteral("The exported head")});
  }
  SEALIFT_TRY(Statement rows, database_.prepare(u"SELECT tree_size, root_hash, time_ms, key_id, signature "
                                                u"FROM audit_checkpoint ORDER BY tree_size"));
  for (;;) {
    SEALIFT_TRY(const bool more, rows.next());
    if (!more) {
      return {};
    }
    expectHead({HeadKind::Checkpoint, readHeadColumns(rows), AuditFindingKind::CheckpointWrong,
                QStringLiteral("A checkpoint")});
  }
}

void Verifier::expectHead(const Expected& expected) {
  if (!checkTreeHead(expected.kind, expected.head, options_.keys)) {
    add(expected.finding, expected.head.treeSize,
        QStringLiteral("%1 for %2 entries was not signed by this station.")
            .arg(expected.name)
            .arg(expected.head.treeSize));
    return;
  }
  heads_.emplace(expected.head.treeSize, expected);
}

Status Verifier::readEntries(Progress& progress, const CancelToken& cancel) {
  SEALIFT_TRY(const qint64 total, AuditStore(database_).readLastSequence());
  SEALIFT_TRY(Statement rows,
              database_.prepare(u"SELECT seq, iif(length(leaf) > ?, NULL, CAST(leaf AS BLOB)), leaf_hash "
                                u"FROM audit_entry ORDER BY seq"));
  rows.bind(static_cast<qint64>(kAuditLeafMaxBytes));
  checkHeadsOfSize(0);
  for (;;) {
    if (report_.entries % kEntriesPerLook == 0) {
      SEALIFT_CHECK(cancel.check());
      progress.setFraction(total > 0 ? static_cast<double>(report_.entries) / static_cast<double>(total) : 1.0);
    }
    SEALIFT_TRY(const bool more, rows.next());
    if (!more) {
      progress.setFraction(1.0);
      return {};
    }
    SEALIFT_CHECK(checkEntry(rows.integer(0), rows.bytes(1), rows.bytes(2)));
  }
}

Status Verifier::checkEntry(qint64 sequence, const QByteArray& leaf, const QByteArray& storedHash) {
  ++report_.entries;
  if (sequence < 1) {
    add(AuditFindingKind::EntryMisplaced, sequence, QStringLiteral("An entry has the number %1.").arg(sequence));
    return {};
  }
  if (sequence != lastSequence_ + 1) {
    add(AuditFindingKind::EntryMissing, lastSequence_ + 1,
        sequence == lastSequence_ + 2
            ? QStringLiteral("Entry %1 is missing.").arg(lastSequence_ + 1)
            : QStringLiteral("Entries %1 to %2 are missing.").arg(lastSequence_ + 1).arg(sequence - 1));
    isWhole_ = false;
  }
  lastSequence_ = sequence;
  if (merkleLeafHash(leaf) != storedHash) {
    add(AuditFindingKind::EntryChanged, sequence, QStringLiteral("Entry %1 was changed.").arg(sequence));
  } else if (const std::optional<qint64> own = readLeafSequence(leaf); own != sequence) {
    add(AuditFindingKind::EntryMisplaced, sequence,
        own ? QStringLiteral("Entry %1 stands in the place of entry %2.").arg(*own).arg(sequence)
            : QStringLiteral("Entry %1 is not one that Sealift wrote.").arg(sequence));
  }
  if (!isWhole_) {
    return {};
  }
  // The stored hash, so that one changed entry does not make the whole tree above it look wrong, too.
  Status checked;
  frontier_.append(storedHash, [&](int level, qint64 position, const QByteArray& hash) {
    if (checked) {
      checked = checkNode(level, position, hash);
    }
  });
  SEALIFT_CHECK(checked);
  checkHeadsOfSize(sequence);
  return {};
}

Status Verifier::checkNode(int level, qint64 position, const QByteArray& hash) {
  SEALIFT_TRY(const QByteArray stored, nodes_.take(level, position));
  const qint64 first = (position << level) + 1;
  const qint64 last = (position + 1) << level;
  // A wrong node makes all above it wrong; only the lowest one is told.
  if (stored != hash && !isKnownBad(first, last)) {
    add(AuditFindingKind::NodeWrong, first,
        QStringLiteral("Entries %1 to %2 do not match the tree that was stored over them.").arg(first).arg(last));
  }
  return {};
}

void Verifier::checkHeadsOfSize(qint64 size) {
  const auto [begin, end] = heads_.equal_range(size);
  if (begin == end) {
    if (size > 0 && size % kAuditCheckpointInterval == 0) {
      add(AuditFindingKind::CheckpointWrong, size,
          QStringLiteral("The checkpoint for %1 entries is missing.").arg(size));
    }
    return;
  }
  const QByteArray root = frontier_.root();
  for (auto head = begin; head != end; ++head) {
    if (head->second.head.rootHash == root) {
      provenSize_ = size;
      continue;
    }
    // What is already known to be wrong explains it; otherwise all that is known is where the last good tree ended.
    const qint64 first = report_.firstBad && *report_.firstBad > provenSize_ ? std::min(*report_.firstBad, size)
                                                                             : std::min(provenSize_ + 1, size);
    add(head->second.finding, first,
        QStringLiteral("%1 for %2 entries does not match the log: something from entry %3 on was replaced.")
            .arg(head->second.name)
            .arg(size)
            .arg(first));
  }
}

Status Verifier::checkRest() {
  for (auto head = heads_.upper_bound(lastSequence_); head != heads_.end(); ++head) {
    add(AuditFindingKind::Truncated, lastSequence_ + 1,
        QStringLiteral("%1 covers %2 entries, but the log ends with entry %3.")
            .arg(head->second.name)
            .arg(head->first)
            .arg(lastSequence_));
  }
  if (!report_.head && lastSequence_ > 0) {
    add(AuditFindingKind::HeadWrong, 1, QStringLiteral("The log's signed head is missing."));
  }
  if (report_.head && report_.head->treeSize < lastSequence_) {
    add(AuditFindingKind::EntryBeyondHead, report_.head->treeSize + 1,
        QStringLiteral("Entries from %1 on are not covered by the log's signed head.").arg(report_.head->treeSize + 1));
  }
  if (isWhole_) {
    SEALIFT_TRY(const bool empty, nodes_.isExhausted());
    if (!empty) {
      add(AuditFindingKind::NodeWrong, lastSequence_ + 1,
          QStringLiteral("The stored tree has nodes that belong to no entry."));
    }
  }
  return {};
}

// Indexes and the search index are derived from the entries; SQLite compares them.
Status checkIndexes(Database& database, Verifier& verifier) {
  const auto judge = [&](const Status& checked) -> Status {
    if (!checked && checked.error().code == ErrorCode::StoreDamaged) {
      verifier.add(AuditFindingKind::IndexWrong, 0,
                   QStringLiteral("An index of the log differs from its entries: %1").arg(checked.error().what));
      return {};
    }
    return checked;
  };
  SEALIFT_CHECK(judge(database.checkIntegrity()));
  SEALIFT_CHECK(judge(AuditStore(database).indexWords()));
  // sqlite.org/fts5.html, section 6.4: SQLITE_CORRUPT when it differs from the content.
  const Result<qint64> searched =
      database.run(u"INSERT INTO audit_search(audit_search, rank) VALUES('integrity-check', 1)");
  return judge(searched ? Status() : fail(searched.error()));
}

}  // namespace

Status AuditReport::toStatus() const {
  if (isIntact()) {
    return {};
  }
  const bool onlyTruncated = std::all_of(findings.begin(), findings.end(), [](const AuditFinding& finding) {
    return finding.kind == AuditFindingKind::Truncated;
  });
  const QString more = findingCount > 1 ? QStringLiteral(" (%1 findings in all.)").arg(findingCount) : QString();
  return fail(onlyTruncated ? ErrorCode::AuditTruncated : ErrorCode::AuditTampered, findings.first().what + more);
}

Result<AuditReport> verifyAuditLog(Database& database, const AuditVerifyOptions& options, Progress& progress,
                                   const CancelToken& cancel) {
  Progress reading = progress.part(options.checkIndexes ? 0.8 : 1.0, QStringLiteral("Recomputing the tree"));
  Verifier verifier(database, options);
  {
    SEALIFT_TRY(const Transaction snapshot, Transaction::beginRead(database));
    SEALIFT_CHECK(verifier.run(reading, cancel));
  }
  if (options.checkIndexes) {
    Progress indexes = progress.part(0.2, QStringLiteral("Comparing the indexes"));
    SEALIFT_CHECK(cancel.check());
    SEALIFT_CHECK(checkIndexes(database, verifier));
  }
  progress.finish();
  return verifier.takeReport();
}

}  // namespace sealift
