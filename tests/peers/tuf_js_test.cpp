// tuf-js, the JavaScript implementation of TUF that npm itself uses, reads what sealiftctl publishes: an independent
// reading of the specification. It is fetched from the npm registry as tests/peers/tuf_js/package-lock.json pins it,
// into the build folder. Exits with 77 where there is no Node.js or the registry can't be reached.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

namespace {

const QString kModules = QStringLiteral(SEALIFT_BINARY_DIR "/tests/peers/tuf_js");

struct Node {
  int status = -1;
  QByteArray out;
  QByteArray err;
};

Node runProgram(const QString& program, const QStringList& arguments) {
  QProcess process;
  process.setWorkingDirectory(kModules);
  process.start(program, arguments);
  Node node;
  if (process.waitForFinished(240'000) && process.exitStatus() == QProcess::NormalExit) {
    node.status = process.exitCode();
  }
  node.out = process.readAllStandardOutput();
  node.err = process.readAllStandardError();
  return node;
}

// Why tuf-js can't be used here; nothing once it can.
QString missing() {
  if (runProgram(QStringLiteral("node"), {QStringLiteral("--version")}).status != 0) {
    return QStringLiteral("Node.js is not installed.");
  }
  const QString source = QStringLiteral(SEALIFT_SOURCE_DIR "/tests/peers/tuf_js/");
  const QString stamp = kModules + QStringLiteral("/installed-lock.json");
  const QByteArray lock = readFile(source + QStringLiteral("package-lock.json"), 1 << 24).value_or(QByteArray());
  if (!lock.isEmpty() && readFile(stamp, 1 << 24).value_or(QByteArray()) == lock) {
    return {};
  }
  for (const char* name : {"package.json", "package-lock.json"}) {
    const QString file = kModules + QLatin1Char('/') + QLatin1String(name);
    QFile::remove(file);
    if (!QFile::copy(source + QLatin1String(name), file)) {
      return QStringLiteral("%1 could not be written.").arg(file);
    }
  }
  const Node installed = runProgram(QStringLiteral("npm"), {QStringLiteral("ci"), QStringLiteral("--ignore-scripts"),
                                                            QStringLiteral("--no-audit"), QStringLiteral("--no-fund")});
  if (installed.status != 0) {
    return QStringLiteral("npm could not fetch tuf-js: ") + QString::fromUtf8(installed.err).trimmed();
  }
  return writeFileAtomic(stamp, lock) ? QString() : QStringLiteral("%1 could not be written.").arg(stamp);
}

QString hex(const QByteArray& bytes) {
  return QString::fromLatin1(sha256(bytes).toHex());
}

}  // namespace

class TufJsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  // A model's releases in a role of its own with two of three keys, and every top-level key replaced since the first
  // root.
  void readsDelegations() {
    CliWorld world;
    initRepository(world, QStringLiteral("ecdsa-p256"));
    repo(world, {QStringLiteral("add-model"), modelFile(world)});
    addRelease(world, {1, 0, 0, 0});
    repo(world, {QStringLiteral("publish")});
    for (const char* name : {"a", "b", "c"}) {
      repo(world, {QStringLiteral("key"), QStringLiteral("generate"), QStringLiteral("--name"), QLatin1String(name)});
    }
    QStringList delegate{QStringLiteral("delegate"), QStringLiteral("--model"), world.model,
                         QStringLiteral("--threshold"), QStringLiteral("2")};
    for (const char* name : {"a", "b", "c"}) {
      delegate << QStringLiteral("--key") << world.repo() + QStringLiteral("/keys/%1.pem").arg(QLatin1String(name));
    }
    repo(world, delegate);
    repo(world, {QStringLiteral("publish")});
    for (const char* role : {"root", "targets", "snapshot", "timestamp"}) {
      repo(world, {QStringLiteral("key"), QStringLiteral("replace"), QStringLiteral("--role"), QLatin1String(role)});
      repo(world, {QStringLiteral("publish")});
    }
    addRelease(world, {1, 1, 0, 0});
    repo(world, {QStringLiteral("publish")});
    if (!QTest::currentTestFailed()) {
      QVERIFY(QFile::exists(world.publicFolder() + QStringLiteral("/metadata/5.root.json")));
      downloadsEverything(world);
    }
  }

  void readsHashBins() {
    CliWorld world;
    initRepository(world, QStringLiteral("ed25519"));
    repo(world, {QStringLiteral("add-model"), modelFile(world)});
    for (const quint32 minor : {0U, 1U, 2U}) {
      addRelease(world, {1, minor, 0, 0});
    }
    repo(world, {QStringLiteral("bins"), QStringLiteral("--bits"), QStringLiteral("5")});
    repo(world, {QStringLiteral("publish")});
    if (!QTest::currentTestFailed()) {
      QVERIFY(QFile::exists(world.publicFolder() + QStringLiteral("/metadata/1.bin-1f.json")));
      downloadsEverything(world);
    }
  }

  void refusesWhatWasChanged() {
    CliWorld world;
    initRepository(world, QStringLiteral("rsa-3072"));
    repo(world, {QStringLiteral("add-model"), modelFile(world)});
    repo(world, {QStringLiteral("publish")});
    const QString target = QStringLiteral("models/%1.json").arg(world.model);
    const Node whole = client(world, {target});
    QVERIFY2(whole.status == 0, whole.err.constData());
    const QString file = world.published(QStringLiteral(".%1.json").arg(world.model));
    QByteArray bytes = *readFile(file, 1 << 20);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    QVERIFY(writeFileAtomic(file, bytes));
    QCOMPARE(client(world, {target}).status, 1);
  }

 private:
  QMap<QString, QByteArray> expected_;  // path → contents

  void repo(const CliWorld& world, const QStringList& words) {
    const Ran ran =
        world.run(QStringList(QStringLiteral("repo")) + words + QStringList{QStringLiteral("--repo"), world.repo()});
    QVERIFY2(ran.status == 0, (words.join(u' ').toUtf8() + ": " + ran.err).constData());
  }
  void initRepository(const CliWorld& world, const QString& keyType) {
    expected_.clear();
    repo(world, {QStringLiteral("init"), QStringLiteral("--id"), QStringLiteral("norrland"), QStringLiteral("--name"),
                 QStringLiteral("Norrland AB"), QStringLiteral("--key-type"), keyType});
  }
  QString modelFile(const CliWorld& world) {
    const QString path = world.file(world.model + QStringLiteral(".json"));
    const QByteArray document = world.modelDocument(world.model);
    expected_[QStringLiteral("models/%1.json").arg(world.model)] = document;
    return writeFileAtomic(path, document) ? path : QString();
  }
  void addRelease(const CliWorld& world, const Version& version) {
    const QString image = world.file(QStringLiteral("app.bin"));
    const QString notes = world.file(QStringLiteral("notes.md"));
    const QByteArray bytes = world.firmware.build(version, "healthy", 30'000, 1);
    QVERIFY(writeFileAtomic(image, bytes));
    QVERIFY(writeFileAtomic(notes, "## Better\n"));
    repo(world, {QStringLiteral("add-release"), image, QStringLiteral("--model"), world.model,
                 QStringLiteral("--notes"), QStringLiteral("en=") + notes});
    const QString folder = QStringLiteral("firmware/%1/%2/").arg(world.model, version.toString());
    expected_[folder + QStringLiteral("app.bin")] = bytes;
    expected_[folder + QStringLiteral("notes.en.md")] = "## Better\n";
  }
  static Node client(const CliWorld& world, const QStringList& targets) {
    QTemporaryDir work;
    return runProgram(QStringLiteral("node"),
                      QStringList{QStringLiteral(SEALIFT_SOURCE_DIR "/tests/peers/tuf_js/client.mjs"),
                                  world.publicFolder(), work.path()} +
                          targets);
  }
  void downloadsEverything(const CliWorld& world) {
    const Node node = client(world, expected_.keys());
    QVERIFY2(node.status == 0, node.err.constData());
    const QJsonObject digests = QJsonDocument::fromJson(node.out).object().value(QLatin1String("digests")).toObject();
    QCOMPARE(digests.size(), expected_.size());
    for (auto target = expected_.begin(); target != expected_.end(); ++target) {
      QCOMPARE(digests.value(target.key()).toString(), hex(*target));
    }
    QVERIFY(client(world, {QStringLiteral("firmware/none")}).status == 1);
  }
};

int main(int argc, char* argv[]) {
  QCoreApplication app(argc, argv);
  if (!QDir().mkpath(kModules)) {
    qCritical("%s could not be made.", qPrintable(kModules));
    return 1;
  }
  if (const QString reason = missing(); !reason.isEmpty()) {
    qWarning("SKIP: %s", qPrintable(reason));
    return 77;
  }
  TufJsTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "tuf_js_test.moc"
