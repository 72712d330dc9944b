// Repositories that the publisher makes, read by the client: round trips, rotation, and kills at every write.
#include "app/base/file_io.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/client/folder_fetcher.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QDirIterator>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;
using namespace sealift::tuf;

namespace {

const QDateTime kStart({2026, 11, 21}, {12, 0}, Qt::UTC);

class Reader {
 public:
  Reader(const QString& publicFolder, const Clock& clock)
      : fetcher_(publicFolder), client_(cache_.path(), fetcher_, clock) {}
  Status pin(const QByteArray& root) { return Client::pinRoot(cache_.path(), root); }
  // path=content of everything published, or the error.
  QString look() {
    const Status refreshed = client_.refresh({});
    if (!refreshed) {
      return refreshed.error().message();
    }
    const auto targets = client_.targets({});
    if (!targets) {
      return targets.error().message();
    }
    if (!targets->problems.isEmpty()) {
      return targets->problems.first().error.message();
    }
    QStringList lines;
    for (const TargetInfo& target : targets->targets) {
      const auto bytes = client_.download(target, {});
      lines.append(target.path + QLatin1Char('=') + (bytes ? QString::fromUtf8(*bytes) : bytes.error().message()));
    }
    return lines.join(QLatin1Char(' '));
  }
  TrustSummary summary() const { return client_.summary(); }
  Result<TargetInfo> target(const QString& path) { return client_.target(path, {}); }

 private:
  QTemporaryDir cache_;
  FolderFetcher fetcher_;
  Client client_;
};

QMap<QString, QByteArray> filesBelow(const QString& folder) {
  QMap<QString, QByteArray> files;
  QDirIterator entries(folder, QDir::Files, QDirIterator::Subdirectories);
  while (entries.hasNext()) {
    const QString path = entries.next();
    files.insert(path.mid(folder.size() + 1), *readFile(path, 1 << 20));
  }
  return files;
}

QJsonObject sampleCustom() {
  return {{QStringLiteral("sealift"),
           QJsonObject{{QStringLiteral("schema"), 1}, {QStringLiteral("kind"), QStringLiteral("notes")}}},
          {QStringLiteral("note"), QStringLiteral("grüße \"quoted\" \\ and\ttab")}};
}

}  // namespace

class TufPublisherTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void publishesWhatClientsRead() {
    QTemporaryDir folder;
    ManualClock clock(kStart);
    {
      const auto publisher = Publisher::init(folder.path(), {}, clock);
      QVERIFY2(publisher, publisher ? "" : qPrintable(publisher.error().message()));
      QVERIFY((*publisher)->addTarget(QStringLiteral("t2/1.0.0 ä/app.bin"), "one", sampleCustom()));
      QVERIFY((*publisher)->addTarget(QStringLiteral("gone.bin"), "two", {}));
      QCOMPARE((*publisher)->stagedChanges().size(), 2);
    }
    // Staged changes survive, and nothing of them is visible yet.
    const auto opened = Publisher::open(folder.path(), clock);
    QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
    Publisher& publisher = **opened;
    QCOMPARE(publisher.stagedChanges().size(), 2);
    Reader reader(publisher.publicFolder(), clock);
    QVERIFY(reader.pin(publisher.rootBytes()));
    QCOMPARE(reader.look(), QString());
    QVERIFY(publisher.publish());
    QVERIFY(publisher.stagedChanges().isEmpty());
    QCOMPARE(reader.look(), QStringLiteral("gone.bin=two t2/1.0.0 ä/app.bin=one"));
    QCOMPARE(reader.target(QStringLiteral("t2/1.0.0 ä/app.bin"))->custom, sampleCustom());
    QCOMPARE(reader.summary(), publisher.summary());

    QVERIFY(publisher.removeTarget(QStringLiteral("gone.bin")));
    QCOMPARE(publisher.removeTarget(QStringLiteral("never.bin")).error().code, ErrorCode::TrustTargetMissing);
    QVERIFY(publisher.addTarget(QStringLiteral("t2/1.0.0 ä/app.bin"), "new", {}));
    QVERIFY(publisher.publish());
    QCOMPARE(reader.look(), QStringLiteral("t2/1.0.0 ä/app.bin=new"));

    // The timestamp alone, and with a snapshot that would not live as long.
    clock.advanceSeconds(6 * 86400);
    QVERIFY(publisher.refreshTimestamp());
    QCOMPARE(reader.look(), QStringLiteral("t2/1.0.0 ä/app.bin=new"));
    QCOMPARE(reader.summary().roles.at(1).expires, kStart.addDays(13));
    QCOMPARE(reader.summary().roles.at(2).version, 3);
    clock.advanceSeconds(19 * 86400);
    QVERIFY(reader.look().contains(QLatin1String("expired")));
    QVERIFY(publisher.refreshTimestamp());
    QCOMPARE(reader.look(), QStringLiteral("t2/1.0.0 ä/app.bin=new"));
    QCOMPARE(reader.summary().roles.at(2).version, 4);
  }

  void servesNoPrivateKey() {
    QTemporaryDir folder;
    ManualClock clock(kStart);
    const auto publisher = Publisher::init(folder.path(), {}, clock);
    QVERIFY(publisher);
    QVERIFY((*publisher)->generateKey(QStringLiteral("spare"), KeyType::EcP256));
    QVERIFY((*publisher)->publish());
    int privateKeys = 0;
    const auto files = filesBelow(folder.path());
    for (auto file = files.begin(); file != files.end(); ++file) {
      if (file->contains("PRIVATE KEY")) {
        ++privateKeys;
        QVERIFY2(file.key().startsWith(QLatin1String("keys/")), qPrintable(file.key()));
        const auto permissions = QFile::permissions(folder.filePath(file.key()));
        QVERIFY(!(permissions & (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther)));
      }
    }
    QCOMPARE(privateKeys, 5);
    QCOMPARE(Publisher::open(folder.path(), clock).error().code, ErrorCode::StoreBusy);
  }

  // The same keys, clock and changes give the same bytes.
  void outputIsDeterministic() {
    QMap<QString, QList<std::shared_ptr<Signer>>> signers;
    for (const char* role : {"root", "targets", "snapshot", "timestamp"}) {
      auto key = PrivateKey::generate(KeyType::Ed25519);
      class MemorySigner final : public Signer {
       public:
        explicit MemorySigner(PrivateKey key) : key_(std::move(key)) {}
        const PublicKey& publicKey() const override { return key_.publicKey(); }
        Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override {
          return key_.sign(scheme, message);
        }

       private:
        PrivateKey key_;
      };
      signers[QString::fromLatin1(role)] = {std::make_shared<MemorySigner>(std::move(*key))};
    }
    ManualClock clock(kStart);
    QMap<QString, QByteArray> outputs[2];
    for (auto& output : outputs) {
      QTemporaryDir folder;
      const auto publisher = Publisher::init(folder.path(), {}, clock, signers);
      QVERIFY(publisher);
      QVERIFY((*publisher)->addTarget(QStringLiteral("a"), "one", sampleCustom()));
      QVERIFY((*publisher)->publish());
      output = filesBelow((*publisher)->publicFolder());
    }
    QCOMPARE(outputs[0].size(), 7);
    QCOMPARE(outputs[0], outputs[1]);
  }

  void rotates_data() {
    QTest::addColumn<QString>("role");
    QTest::addColumn<bool>("oldKeyLost");
    for (const char* role : {"root", "targets", "snapshot", "timestamp"}) {
      QTest::addRow("%s", role) << QString::fromLatin1(role) << false;
      if (qstrcmp(role, "root") != 0) {
        QTest::addRow("%s, old key lost", role) << QString::fromLatin1(role) << true;
      }
    }
    QTest::addRow("root, old key lost") << QStringLiteral("root") << true;
  }

  void rotates() {
    QFETCH(const QString, role);
    QFETCH(const bool, oldKeyLost);
    QTemporaryDir folder;
    ManualClock clock(kStart);
    QString oldKey;
    QString newKey;
    {
      const auto publisher = Publisher::init(folder.path(), {}, clock);
      QVERIFY(publisher);
      QVERIFY((*publisher)->addTarget(QStringLiteral("a"), "one", {}));
      QVERIFY((*publisher)->publish());
    }
    if (oldKeyLost) {
      QVERIFY(QFile::remove(folder.filePath(QStringLiteral("keys/%1-1.pem").arg(role))));
    }
    const auto publisher = Publisher::open(folder.path(), clock);
    QVERIFY(publisher);
    Reader reader((*publisher)->publicFolder(), clock);
    QVERIFY(reader.pin((*publisher)->rootBytes()));
    QCOMPARE(reader.look(), QStringLiteral("a=one"));
    for (const RoleSummary& summary : (*publisher)->summary().roles) {
      oldKey = summary.name == role ? summary.keyIds.first() : oldKey;
    }
    newKey = *(*publisher)->generateKey(QStringLiteral("new"), KeyType::EcP256);
    QVERIFY((*publisher)->rotateKey(role, oldKey, newKey));
    QVERIFY((*publisher)->addTarget(QStringLiteral("b"), "two", {}));
    const Status published = (*publisher)->publish();
    if (oldKeyLost && role == QLatin1String("root")) {
      // Nobody can hand over for a lost root key; nothing was written.
      QCOMPARE(published.error().code, ErrorCode::TrustThreshold);
      QCOMPARE(reader.look(), QStringLiteral("a=one"));
      return;
    }
    QVERIFY2(published, published ? "" : qPrintable(published.error().message()));
    QCOMPARE(reader.look(), QStringLiteral("a=one b=two"));
    QCOMPARE(reader.summary().roles.at(0).version, 2);
    for (const RoleSummary& summary : reader.summary().roles) {
      QCOMPARE(summary.keyIds.contains(newKey), summary.name == role);
      QVERIFY(!summary.keyIds.contains(oldKey));
    }
    Reader newcomer((*publisher)->publicFolder(), clock);
    QVERIFY(newcomer.pin((*publisher)->rootBytes()));
    QCOMPARE(newcomer.look(), QStringLiteral("a=one b=two"));
    QVERIFY((*publisher)->publish());
    QCOMPARE(reader.look(), QStringLiteral("a=one b=two"));
  }

  // Stopped before each write in turn: at that moment every reader sees the old or the new state, whole, and the
  // next publish completes the work.
  void survivesAKillAtEveryWrite() {
    int writes = 1;
    for (int stopAt = 0; stopAt < writes; ++stopAt) {
      QTemporaryDir folder;
      ManualClock clock(kStart);
      int written = 0;
      bool armed = false;
      QStringList order;
      PublisherHooks hooks;
      hooks.beforeWrite = [&](const QString& path) -> Status {
        if (armed && path.startsWith(QLatin1String("public/"))) {
          order.append(path);
          if (written++ == stopAt) {
            return fail(ErrorCode::Cancelled, QStringLiteral("Killed."));
          }
        }
        return {};
      };
      QByteArray rootBytes;
      QString publicFolder;
      std::unique_ptr<Reader> reader;
      {
        const auto publisher = Publisher::init(folder.path(), {}, clock);
        QVERIFY(publisher);
        QVERIFY((*publisher)->addTarget(QStringLiteral("a"), "one", {}));
        QVERIFY((*publisher)->publish());
        rootBytes = (*publisher)->rootBytes();
        publicFolder = (*publisher)->publicFolder();
      }
      reader = std::make_unique<Reader>(publicFolder, clock);
      QVERIFY(reader->pin(rootBytes));
      QCOMPARE(reader->look(), QStringLiteral("a=one"));
      {
        const auto publisher = Publisher::open(folder.path(), clock, {nullptr, false, hooks});
        QVERIFY(publisher);
        const QString newKey = *(*publisher)->generateKey(QStringLiteral("new"), KeyType::Ed25519);
        const QString oldKey = (*publisher)->summary().roles.at(1).keyIds.first();
        QVERIFY((*publisher)->rotateKey(QStringLiteral("timestamp"), oldKey, newKey));
        QVERIFY((*publisher)->addTarget(QStringLiteral("a"), "two", {}));
        QVERIFY((*publisher)->addTarget(QStringLiteral("b"), "three", {}));
        armed = true;
        QCOMPARE((*publisher)->publish().error().code, ErrorCode::Cancelled);
      }
      const QString oldState = QStringLiteral("a=one");
      const QString newState = QStringLiteral("a=two b=three");
      const bool timestampIsOut = order.mid(0, stopAt).contains(QStringLiteral("public/metadata/timestamp.json"));
      QCOMPARE(reader->look(), timestampIsOut ? newState : oldState);
      Reader newcomer(publicFolder, clock);
      QVERIFY(newcomer.pin(rootBytes));
      QCOMPARE(newcomer.look(), timestampIsOut ? newState : oldState);

      const auto publisher = Publisher::open(folder.path(), clock);
      QVERIFY2(publisher, publisher ? "" : qPrintable(publisher.error().message()));
      QVERIFY((*publisher)->publish());
      QCOMPARE(reader->look(), newState);
      QCOMPARE(newcomer.look(), newState);
      QCOMPARE(reader->summary().roles.at(0).version, 2);
      if (stopAt == 5) {
        QCOMPARE(order.last(), QStringLiteral("public/metadata/2.root.json"));
      }
      writes = 6;  // two targets, targets, snapshot, timestamp, root
    }
  }

  void refusesWhatItMustNotPublish() {
    QTemporaryDir folder;
    ManualClock clock(kStart);
    const auto publisher = Publisher::init(folder.path(), {}, clock);
    QVERIFY(publisher);
    for (const char* path : {"", "/a", "../a", "a//b", "a/..", "a\\b"}) {
      QCOMPARE((*publisher)->addTarget(QString::fromLatin1(path), "x", {}).error().code, ErrorCode::InvalidArgument);
    }
    QCOMPARE((*publisher)->addTarget(QStringLiteral("a"), "x", {{QStringLiteral("n"), 1.5}}).error().code,
             ErrorCode::InvalidArgument);
    QVERIFY((*publisher)->stagedChanges().isEmpty());
    // A staged file that was changed behind the publisher's back is not signed.
    QVERIFY((*publisher)->addTarget(QStringLiteral("a"), "good", {}));
    const QString blob =
        folder.filePath(QStringLiteral("staging/targets/") + QString::fromLatin1(sha256("good").toHex()));
    QVERIFY(writeFileAtomic(blob, "evil"));
    QCOMPARE((*publisher)->publish().error().code, ErrorCode::TrustHashMismatch);
  }

  void needsEveryThreshold() {
    QTemporaryDir folder;
    ManualClock clock(kStart);
    RepositoryPolicy policy;
    policy.targets = {2, 3, 100};
    {
      const auto publisher = Publisher::init(folder.path(), policy, clock);
      QVERIFY(publisher);
      QVERIFY((*publisher)->addTarget(QStringLiteral("a"), "one", {}));
    }
    QVERIFY(QFile::remove(folder.filePath(QStringLiteral("keys/targets-1.pem"))));
    QVERIFY(
        QFile::rename(folder.filePath(QStringLiteral("keys/targets-2.pem")), folder.filePath(QStringLiteral("away"))));
    const auto before = filesBelow(folder.filePath(QStringLiteral("public")));
    {
      const auto publisher = Publisher::open(folder.path(), clock);
      QCOMPARE((*publisher)->publish().error().code, ErrorCode::TrustThreshold);
    }
    QCOMPARE(filesBelow(folder.filePath(QStringLiteral("public"))), before);
    QVERIFY(
        QFile::rename(folder.filePath(QStringLiteral("away")), folder.filePath(QStringLiteral("keys/targets-2.pem"))));
    const auto publisher = Publisher::open(folder.path(), clock);
    QVERIFY((*publisher)->publish());  // two of three are enough
    Reader reader((*publisher)->publicFolder(), clock);
    QVERIFY(reader.pin((*publisher)->rootBytes()));
    QCOMPARE(reader.look(), QStringLiteral("a=one"));
  }
};

QTEST_GUILESS_MAIN(TufPublisherTest)
#include "tuf_publisher_test.moc"
