// The published shapes of a vendor's documents: the schemas tell right from wrong examples, what the publisher
// writes is valid under them, and what is valid is understood by the program.
#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/client/folder_fetcher.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QDir>
#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;
using namespace sealift::tuf;

namespace {

const QString kExamples = QStringLiteral(SEALIFT_TEST_DATA "/schemas/");

// Exit status of Debian's python3-jsonschema over the file.
int validate(const QString& schema, const QString& path) {
  QProcess python;
  python.setProcessChannelMode(QProcess::ForwardedErrorChannel);
  python.start(QStringLiteral("/usr/bin/python3"),
               {QStringLiteral(SEALIFT_SOURCE_DIR "/tests/tuf/validate_json.py"),
                QStringLiteral(SEALIFT_SOURCE_DIR "/resources/schemas/%1-v1.schema.json").arg(schema), path});
  if (!python.waitForFinished(60000) || python.exitStatus() != QProcess::NormalExit) {
    return -1;
  }
  return python.exitCode();
}

QString schemaOf(const QString& fileName) {
  const QString first = fileName.section(QRegularExpression(QStringLiteral("[-.]")), 0, 0);
  return first == QLatin1String("custom") ? QStringLiteral("custom-sealift") : first;
}

QStringList examples(const QString& kind) {
  return QDir(kExamples + kind).entryList({QStringLiteral("*.json")}, QDir::Files, QDir::Name);
}

QByteArray readExample(const QString& name) {
  return *readFile(kExamples + QStringLiteral("valid/") + name, 1 << 20);
}

}  // namespace

class TufSchemasTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tellsRightFromWrong_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("schema");
    QTest::addColumn<int>("expected");
    for (const QString& kind : {QStringLiteral("valid"), QStringLiteral("invalid")}) {
      for (const QString& name : examples(kind)) {
        QTest::newRow(qPrintable(kind + QLatin1Char(' ') + name))
            << kExamples + kind + QLatin1Char('/') + name << schemaOf(name) << (kind == QLatin1String("valid") ? 0 : 1);
      }
    }
  }
  void tellsRightFromWrong() {
    QFETCH(const QString, path);
    QFETCH(const QString, schema);
    QFETCH(const int, expected);
    QCOMPARE(validate(schema, path), expected);
  }

  void programUnderstandsWhatIsValid() {
    int understood = 0;
    for (const QString& name : examples(QStringLiteral("valid"))) {
      const QByteArray bytes = readExample(name);
      const QJsonObject object = QJsonDocument::fromJson(bytes).object();
      const QJsonObject custom{{QStringLiteral("sealift"), object}};
      const QString schema = schemaOf(name);
      Status status;
      if (schema == QLatin1String("model")) {
        const auto model = parseModel(QStringLiteral("norrland"), bytes);
        status = model ? Status() : fail(model.error());
      } else if (schema == QLatin1String("lifecycle")) {
        const auto lifecycle = parseLifecycle(bytes);
        status = lifecycle ? Status() : fail(lifecycle.error());
      } else if (object.value(QLatin1String("kind")).toString() == QLatin1String("firmware")) {
        const auto release =
            parseRelease(QStringLiteral("norrland"), QStringLiteral("t2/x.bin"), 10, sha256("x"), custom);
        status = release ? Status() : fail(release.error());
      } else if (object.value(QLatin1String("kind")).toString() == QLatin1String("delta")) {
        const auto delta = parseDelta(QStringLiteral("t2/x.delta"), 10, custom);
        status = delta ? Status() : fail(delta.error());
      } else {
        const auto kind = parseTargetKind(custom);
        status = kind ? Status() : fail(kind.error());
      }
      QVERIFY2(status, status ? "" : qPrintable(name + QStringLiteral(": ") + status.error().message()));
      ++understood;
    }
    QCOMPARE(understood, 14);
  }

  // Through the publisher, over the client, and still valid.
  void publishedRepositoryIsValid() {
    QTemporaryDir folder;
    QTemporaryDir cache;
    QTemporaryDir out;
    const ManualClock clock(QDateTime({2026, 11, 21}, {12, 0}, Qt::UTC));
    const auto publisher = Publisher::init(folder.path(), {}, clock);
    QVERIFY(publisher);
    int published = 0;
    for (const QString& name : examples(QStringLiteral("valid"))) {
      if (schemaOf(name) == QLatin1String("custom-sealift")) {
        const QJsonObject object = QJsonDocument::fromJson(readExample(name)).object();
        QVERIFY((*publisher)->addTarget(name, readExample(name), {{QStringLiteral("sealift"), object}}));
        ++published;
      }
    }
    QVERIFY((*publisher)->publish());
    QVERIFY(Client::pinRoot(cache.path(), (*publisher)->rootBytes()));
    FolderFetcher fetcher((*publisher)->publicFolder());
    Client client(cache.path(), fetcher, clock);
    QVERIFY(client.refresh({}));
    const auto targets = client.targets({});
    QVERIFY(targets);
    QCOMPARE(targets->targets.size(), published);
    for (const TargetInfo& target : targets->targets) {
      const QJsonObject object = target.custom.value(QLatin1String("sealift")).toObject();
      QCOMPARE(object, QJsonDocument::fromJson(readExample(target.path)).object());
      const QString path = out.filePath(target.path);
      QVERIFY(writeFileAtomic(path, QJsonDocument(object).toJson()));
      QCOMPARE(validate(QStringLiteral("custom-sealift"), path), 0);
    }
  }
};

QTEST_GUILESS_MAIN(TufSchemasTest)
#include "tuf_schemas_test.moc"
