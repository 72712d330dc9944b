// sealiftctl killed (SIGKILL) at its writes to files while it fetches a difference and rebuilds a release's image from
// it, as the first part of an update: what is kept is whole afterwards, and the update is carried out all the same.
#include "tests/cli/cli_world.h"
#include "tests/support/soak.h"

#include <QCryptographicHash>
#include <QSet>

#include <csignal>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kBrief = 12;
constexpr int kIntoJob = 40;  // writes, beyond planning
constexpr quint32 kSeed = 5;  // of all images: they are alike
const Version kOld{1, 0, 0, 0};
const Version kKept{1, 1, 0, 0};
const Version kNew{1, 2, 0, 0};
// What changes files, as strace(1) names it.
const QString kWrites =
    QStringLiteral("write,pwrite64,fsync,fdatasync,ftruncate,mkdir,link,linkat,rename,renameat,renameat2,unlink");

}  // namespace

class CliRebuildKillTest : public QObject {
  Q_OBJECT

 public:
  CliRebuildKillTest() { qputenv("QTEST_FUNCTION_TIMEOUT", "3500000"); }  // ms; ctest has the limit

 private Q_SLOTS:
  void initTestCase();
  void killedAtWritesOfFiles();

 private:
  Ran run(const QString& station, const QStringList& arguments) const {
    QProcess process;
    process.setProcessEnvironment(CliWorld::environment());
    process.start(QStringLiteral(SEALIFTCTL), at(station) + arguments);
    process.closeWriteChannel();
    return CliWorld::finish(process);
  }
  Ran run(const QString& station, const char* words) const {
    return run(station, QString::fromUtf8(words).split(u' '));
  }
  // Under strace(1), which is told `what`.
  Ran traced(const QString& station, const QStringList& what, const QStringList& arguments) const {
    QProcess process;
    process.setProcessEnvironment(CliWorld::environment());
    process.start(QStringLiteral("strace"),
                  QStringList{QStringLiteral("-f"), QStringLiteral("-qq"), QStringLiteral("-o"), trace()} + what +
                      QStringList{QStringLiteral(SEALIFTCTL)} + at(station) + arguments);
    process.closeWriteChannel();
    return CliWorld::finish(process);
  }
  static QStringList at(const QString& station) { return {QStringLiteral("--data-dir"), station}; }
  QString trace() const { return world_.file(QStringLiteral("trace")); }
  bool copy(const QString& from, const QString& to) const {
    return QProcess::execute(QStringLiteral("cp"), {QStringLiteral("-a"), from, to}) == 0;
  }
  int countWrites();
  QString keptFile(const QString& station, const QByteArray& image) const;
  QString damageIn(const QString& station) const;
  QString killAt(int write);

  CliWorld world_;
  QByteArray keptImage_;
  QByteArray newImage_;
  int killed_ = 0;
  QMap<QString, int> ends_;
};

// A station that keeps the image of 1.1.0 from planning it, and is then offered 1.2.0.
void CliRebuildKillTest::initTestCase() {
  QProcess probe;
  probe.start(QStringLiteral("strace"),
              {QStringLiteral("-qq"), QStringLiteral("-o"), QStringLiteral("/dev/null"), QStringLiteral("true")});
  if (!probe.waitForFinished(kToolMs) || probe.exitCode() != 0) {
    QSKIP("strace is not installed, or may not trace here");
  }
  world_.initRepository();
  world_.release(kKept, {.seed = kSeed});
  world_.addVendor();
  SmpDeviceConfig config = world_.deviceConfig(kOld);
  const auto device = world_.addDevice(config);
  QVERIFY(device);
  VERIFY_STATUS(world_.run("update plan 0001"), 0);
  VERIFY_STATUS(world_.run("device remove 0001"), 0);
  world_.release(kNew, {.deltaFrom = {kKept.toString()}, .seed = kSeed});
  keptImage_ = *readFile(world_.file(QStringLiteral("t2-1.1.0.bin")), 1 << 24);
  newImage_ = *readFile(world_.file(QStringLiteral("t2-1.2.0.bin")), 1 << 24);
  QVERIFY(!keptFile(world_.dataFolder(), keptImage_).isEmpty());
  QVERIFY(keptFile(world_.dataFolder(), newImage_).isEmpty());
}

// The file of this content's name; empty: there is none.
QString CliRebuildKillTest::keptFile(const QString& station, const QByteArray& image) const {
  const QString name = QString::fromLatin1(QCryptographicHash::hash(image, QCryptographicHash::Sha256).toHex());
  QDirIterator files(station, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString path = files.next();
    if (QFileInfo(path).fileName() == name) {
      return path;
    }
  }
  return {};
}

// Empty, or which file is not what its name says.
QString CliRebuildKillTest::damageIn(const QString& station) const {
  static const QRegularExpression digest(QStringLiteral("\\A[0-9a-f]{64}\\z"));
  int seen = 0;
  QDirIterator files(station, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString path = files.next();
    const QString name = QFileInfo(path).fileName();
    if (!digest.match(name).hasMatch()) {
      continue;
    }
    ++seen;
    const QByteArray bytes = readFile(path, 1 << 24).value_or(QByteArray());
    if (QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex()) != name) {
      return path + QStringLiteral(" is damaged");
    }
  }
  return seen > 0 ? QString() : QStringLiteral("nothing is kept");
}

// How often a thread of a planning tool changes a file; the most of its threads.
int CliRebuildKillTest::countWrites() {
  const QString station = world_.file(QStringLiteral("measured"));
  const auto device = std::make_unique<VirtualSmpDevice>(world_.deviceConfig(kOld));
  if (!copy(world_.dataFolder(), station) || !device->start() ||
      run(station, {QStringLiteral("device"), QStringLiteral("add"), device->address().toString()}).status != 0) {
    return 0;
  }
  const Ran planned = traced(station, {QStringLiteral("-e"), QStringLiteral("trace=") + kWrites},
                             QStringLiteral("update plan 0001 --json").split(u' '));
  const QString way = planned.json()[QStringLiteral("delivery")][QStringLiteral("download")].toString();
  if (planned.status != 0 || !way.contains(QLatin1String("difference to 1.1.0")) ||
      keptFile(station, newImage_).isEmpty()) {
    qWarning("not rebuilt: %s", qUtf8Printable(way + QString::fromUtf8(planned.err)));
    return 0;
  }
  QHash<QByteArray, int> counts;  // by thread
  int most = 0;
  const QList<QByteArray> lines = readFile(trace(), 1 << 26).value_or(QByteArray()).split('\n');
  for (const QByteArray& line : lines) {
    if (line.contains('(') && !line.contains("resumed>")) {
      most = std::max(most, ++counts[line.left(line.indexOf(' '))]);
    }
  }
  return most;
}

// Empty, or what is wrong.
QString CliRebuildKillTest::killAt(int write) {
  const QString station = world_.file(QStringLiteral("case-%1").arg(write));
  const QString planned = station + QStringLiteral("-planned");
  VirtualSmpDevice device(world_.deviceConfig(kOld));
  if (!copy(world_.dataFolder(), station) || !device.start() ||
      run(station, {QStringLiteral("device"), QStringLiteral("add"), device.address().toString()}).status != 0 ||
      !copy(station, planned)) {
    return QStringLiteral("there is no station");
  }
  const QString digest = run(planned, "update plan 0001 --json").json().value(QLatin1String("plan")).toString();
  const QStringList apply = world_.applyCommand(digest);
  const Ran ran = traced(station,
                         {QStringLiteral("-e"), QStringLiteral("trace=") + kWrites, QStringLiteral("-e"),
                          QStringLiteral("inject=%1:signal=SIGKILL:when=%2").arg(kWrites).arg(write)},
                         apply);
  killed_ += ran.status < 0 ? 1 : 0;
  if (const QString damage = damageIn(station); !damage.isEmpty()) {
    return damage;
  }
  const QString kept = keptFile(station, newImage_).isEmpty() ? QStringLiteral("before") : QStringLiteral("after");
  const QJsonArray jobs = run(station, "update list --json").json().value(QLatin1String("jobs")).toArray();
  const QString state = jobs.isEmpty() ? QString() : jobs.first()[QStringLiteral("state")].toString();
  ++ends_[QStringLiteral("%1 it was kept, %2").arg(kept, state.isEmpty() ? QStringLiteral("no job yet") : state)];
  const Ran again = state.isEmpty()                     ? run(station, apply)
                    : state == QLatin1String("waiting") ? run(station, "update work")
                                                        : run(station, "update resume");
  if (again.status != 0) {
    return QStringLiteral("it does not go on: ") + QString::fromUtf8(again.out + again.err);
  }
  if (!device.waitUntil([](const auto& seen) { return seen.running == kNew && seen.confirmed; }, kToolMs)) {
    return QStringLiteral("the device does not run 1.2.0: ") + QString::fromUtf8(again.out);
  }
  if (keptFile(station, newImage_).isEmpty() || !damageIn(station).isEmpty()) {
    return QStringLiteral("the new image is not kept whole");
  }
  const Ran verified = run(station, "audit verify");
  if (verified.status != 0) {
    return QString::fromUtf8(verified.out + verified.err);
  }
  (void)QDir(station).removeRecursively();
  (void)QDir(planned).removeRecursively();
  return {};
}

void CliRebuildKillTest::killedAtWritesOfFiles() {
  const int planning = countWrites();
  QVERIFY2(planning > 20, qPrintable(QString::number(planning)));
  const int moments = planning + kIntoJob;
  const int cases = isSoak() ? moments : std::min(moments, kBrief);
  for (int i = 0; i < cases; ++i) {
    const int at = 1 + static_cast<int>(qint64(i) * moments / cases);
    const QString problem = killAt(at);
    QVERIFY2(problem.isEmpty(),
             qPrintable(QStringLiteral("killed at write %1 of %2: %3").arg(at).arg(moments).arg(problem)));
  }
  QCOMPARE(killed_, cases);
  QStringList told;
  for (auto it = ends_.cbegin(); it != ends_.cend(); ++it) {
    told << QStringLiteral("%1 %2").arg(it.value()).arg(it.key());
  }
  const QString words =
      QStringLiteral("sealiftctl killed while it rebuilds an image: ") + told.join(QStringLiteral("; "));
  tellCases(cases, words);
  qInfo("%d of %d cases, %s", cases, moments, qUtf8Printable(words));
}

QTEST_GUILESS_MAIN(CliRebuildKillTest)
#include "cli_rebuild_kill_test.moc"
