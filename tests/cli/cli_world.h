// What the tests of sealiftctl share: the tool as a process with a data folder of its own, a vendor that
// publishes into a folder, and virtual devices on loopback that this process serves.
#pragma once

#include "tests/support/vendor_folder.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QtTest>

#define VERIFY_STATUS(ran, expected)                                                                                 \
  do {                                                                                                               \
    const ::sealift::test::Ran once = (ran);                                                                         \
    QVERIFY2(once.status == (expected), (QByteArray::number(once.status) + ": " + once.err + once.out).constData()); \
  } while (false)
#define VERIFY_SCHEMA(schema, ran)                                                             \
  do {                                                                                         \
    const QString problem = ::sealift::test::schemaProblem(QStringLiteral(schema), (ran).out); \
    QVERIFY2(problem.isEmpty(), qPrintable(problem));                                          \
  } while (false)

namespace sealift::test {

inline constexpr int kToolMs = 60'000;

// One run of the tool, ended.
struct Ran {
  int status = -1;  // below 0: it did not end by itself
  QByteArray out;
  QByteArray err;

  QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
  QString errorCode() const {
    return json().value(QLatin1String("error")).toObject().value(QLatin1String("code")).toString();
  }
};

// Empty when `out` is JSON that the schema allows; otherwise why not.
inline QString schemaProblem(const QString& schema, const QByteArray& out) {
  QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("out.json"));
  if (!writeFileAtomic(path, out)) {
    return QStringLiteral("no temporary file");
  }
  QProcess python;
  python.start(QStringLiteral("/usr/bin/python3"),
               {QStringLiteral(SEALIFT_SOURCE_DIR "/tests/tuf/validate_json.py"),
                QStringLiteral(SEALIFT_SOURCE_DIR "/resources/schemas/%1-v1.schema.json").arg(schema), path});
  if (!python.waitForFinished(kToolMs) || python.exitStatus() != QProcess::NormalExit) {
    return QStringLiteral("the validator did not run");
  }
  return python.exitCode() == 0 ? QString()
                                : QString::fromUtf8(python.readAllStandardOutput() + python.readAllStandardError()) +
                                      QString::fromUtf8(out);
}

class CliWorld : public VendorFolder {
 public:
  QString dataFolder() const { return file(QStringLiteral("station")); }

  // The tool ----------------------------------------------------------------------------------

  static QProcessEnvironment environment() {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    environment.insert(QStringLiteral("USER"), QStringLiteral("tester"));
    return environment;
  }
  QStringList withDataFolder(const QStringList& arguments) const {
    return QStringList{QStringLiteral("--data-dir"), dataFolder()} + arguments;
  }
  std::unique_ptr<QProcess> start(const QStringList& arguments) const {
    auto process = std::make_unique<QProcess>();
    process->setProcessEnvironment(environment());
    process->start(QStringLiteral(SEALIFTCTL), withDataFolder(arguments));
    process->closeWriteChannel();
    return process;
  }
  static Ran finish(QProcess& process) {
    Ran ran;
    if (process.waitForFinished(kToolMs) && process.exitStatus() == QProcess::NormalExit) {
      ran.status = process.exitCode();
    }
    ran.out = process.readAllStandardOutput();
    ran.err = process.readAllStandardError();
    return ran;
  }
  Ran run(const QStringList& arguments) const { return finish(*start(arguments)); }
  // Words separated by spaces; no word may hold one.
  Ran run(const char* words) const { return run(QString::fromUtf8(words).split(u' ')); }
  Ran runJson(const QStringList& arguments) const { return run(arguments + QStringList{QStringLiteral("--json")}); }
  Ran runJson(const char* words) const { return runJson(QString::fromUtf8(words).split(u' ')); }

  void addVendor() {
    publish();
    const Ran added =
        run({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile(), QStringLiteral("--accept"), fingerprint()});
    QVERIFY2(added.status == 0, added.err.constData());
  }

  // Starts it and adds it to the station.
  std::unique_ptr<VirtualSmpDevice> addDevice(const SmpDeviceConfig& config) const {
    auto device = std::make_unique<VirtualSmpDevice>(config);
    if (!device->start()) {
      return nullptr;
    }
    const Ran added = run({QStringLiteral("device"), QStringLiteral("add"), device->address().toString()});
    if (added.status != 0) {
      qWarning("%s", added.err.constData());
      return nullptr;
    }
    return device;
  }
  // A vendor with one release, 1.1.0, and a device that runs 1.0.0, both known to the station.
  std::unique_ptr<VirtualSmpDevice> ready(const ReleaseSpec& spec, const SmpDeviceConfig& config) {
    initRepository();
    release({1, 1, 0, 0}, spec);
    addVendor();
    return QTest::currentTestFailed() ? nullptr : addDevice(config);
  }
  std::unique_ptr<VirtualSmpDevice> ready() { return ready({}, deviceConfig()); }

  // The digest of the plan that would be made now.
  QString planDigest(const QString& device = QStringLiteral("0001")) const {
    return runJson({QStringLiteral("update"), QStringLiteral("plan"), device})
        .json()
        .value(QLatin1String("plan"))
        .toString();
  }
  QStringList applyCommand(const QString& digest) const {
    return {QStringLiteral("update"), QStringLiteral("apply"), QStringLiteral("0001"), QStringLiteral("--accept"),
            digest};
  }
};

}  // namespace sealift::test
