// A vendor that publishes into a temporary folder, and the configuration of devices that trust it.
// Its calls fail the running test when they can't do their work.
#pragma once

#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "app/services/vendor_desk.h"
#include "tests/support/virtual_firmware.h"

#include <QDirIterator>
#include <QTemporaryDir>
#include <QUrl>
#include <QtTest>

namespace sealift::test {

class VendorFolder {
 public:
  const VirtualVendor firmware;  // signs the images
  const QString model = QStringLiteral("t2");
  int restartSeconds = 2;                    // as the model declares it
  QString severity = QStringLiteral("low");  // of releases
  std::optional<int> deferralDays;           // the same
  QStringList addresses;                     // of the repository; its own folder when empty

  QString file(const QString& name) const { return folder_.filePath(name); }
  QString repo() const { return file(QStringLiteral("repo")); }
  QString publicFolder() const { return repo() + QStringLiteral("/public"); }
  QString vendorFile() const { return VendorDesk::vendorFile(repo(), QStringLiteral("norrland")); }
  VendorDesk desk(const Clock& clock) const { return VendorDesk(repo(), clock); }
  VendorDesk desk() const { return desk(clock_); }

  QByteArray modelDocument(const QString& id) const {
    ModelDescription description;
    description.id = id;
    description.name = QStringLiteral("Norrland ") + id.toUpper();
    description.driver = QStringLiteral("smp");
    description.links = {LinkKind::Udp};
    description.deviceNames = {id};
    description.hardwareRevisions = {QStringLiteral("A"), QStringLiteral("B")};
    description.imageFormat = QStringLiteral("mcuboot");
    description.imageKeys = {firmware.publicKey()};
    description.timings = {.restartSeconds = restartSeconds, .confirmSeconds = 2};
    return writeModel(description);
  }
  // A vendor with one model and no release.
  void initRepository() {
    NewRepository wanted;
    wanted.vendorId = QStringLiteral("norrland");
    wanted.vendorName = QStringLiteral("Norrland AB");
    wanted.addresses = addresses.isEmpty() ? QStringList{QUrl::fromLocalFile(publicFolder()).toString()} : addresses;
    const Result<QString> made = desk().init(wanted);
    QVERIFY2(made, made ? "" : qPrintable(made.error().message()));
    fingerprint_ = *made;
    addModel(model);
  }
  void addModel(const QString& id) {
    const QString path = file(id + QStringLiteral(".json"));
    QVERIFY(writeFileAtomic(path, modelDocument(id)));
    QVERIFY(desk().addModel(path));
  }
  const QString& fingerprint() const { return fingerprint_; }

  struct ReleaseSpec {
    QByteArray behaviour = "healthy";
    qsizetype payload = 30'000;
    quint32 counter = 1;
    QByteArray notes = "## Improvements\n\n- Quieter.\n";
    QStringList revisions = {};
    QString model = QStringLiteral("t2");
    bool sameImage = false;  // as this version's before: signatures are never twice the same
    QStringList deltaFrom = {};
    std::optional<quint32> seed = {};  // as VirtualVendor::build() has it
    QByteArray image = {};             // instead of one that is built; published unchecked
  };
  void release(const Version& version, const ReleaseSpec& spec) {
    const QString base = file(QStringLiteral("%1-%2").arg(spec.model, version.toString()).replace(u'+', u'-'));
    const Result<QByteArray> before = readFile(base + QStringLiteral(".bin"), 1 << 24);
    const QByteArray image = spec.sameImage && before ? *before
                             : spec.image.isEmpty()
                                 ? firmware.build(version, spec.behaviour, spec.payload, spec.counter, spec.seed)
                                 : spec.image;
    QVERIFY(writeFileAtomic(base + QStringLiteral(".bin"), image));
    QVERIFY(writeFileAtomic(base + QStringLiteral(".md"), spec.notes));
    NewRelease wanted;
    wanted.imagePath = base + QStringLiteral(".bin");
    wanted.modelId = spec.model;
    wanted.hardwareRevisions = spec.revisions;
    wanted.severity = severity;
    wanted.deferralDays = deferralDays;
    wanted.notes[QStringLiteral("en")] = base + QStringLiteral(".md");
    wanted.deltaFrom = spec.deltaFrom;
    wanted.skipImageCheck = !spec.image.isEmpty();
    if (wanted.skipImageCheck) {
      wanted.version = version;
      wanted.securityVersion = spec.counter;
    }
    const auto added = desk().addRelease(wanted);
    QVERIFY2(added, added ? "" : qPrintable(added.error().message()));
    publish();
  }
  void release(const Version& version) { release(version, {}); }
  void publish() {
    const Status published = desk().publish();
    QVERIFY2(published, published ? "" : qPrintable(published.error().message()));
  }
  // The file under the repository's public folder whose name ends so.
  QString published(const QString& ending) const {
    QDirIterator files(publicFolder(), QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
      const QString path = files.next();
      if (path.endsWith(ending)) {
        return path;
      }
    }
    return {};
  }
  SmpDeviceConfig deviceConfig(const Version& installed = {1, 0, 0, 0}, quint32 counter = 1) const {
    SmpDeviceConfig config = firmware.device(firmware.build(installed, "healthy", 30'000, counter));
    config.model = model;
    config.securityCounter = counter;
    config.watchdogMs = 200;
    return config;
  }

 private:
  QTemporaryDir folder_;
  SystemClock clock_;
  QString fingerprint_;
};

}  // namespace sealift::test
