// A vendor's repository in a folder, made with the publisher, and what a station knows of it.
#pragma once

#include "app/catalog/documents.h"
#include "app/catalog/vendor_repository.h"
#include "devices/images/mcuboot_builder.h"
#include "keystore/tuf/client/folder_fetcher.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QUrl>

namespace sealift {

class CatalogFixture {
  QTemporaryDir folder_;  // goes last

 public:
  CatalogFixture()
      : clock(QDateTime(QDate(2026, 6, 1), QTime(12, 0), Qt::UTC)),
        imageKey_(PrivateKey::generate(KeyType::EcP256).value()) {
    publisher = tuf::Publisher::init(folder_.filePath(QStringLiteral("vendor")), {}, clock).value();
  }

  ManualClock clock;
  std::unique_ptr<tuf::Publisher> publisher;

  static QJsonObject custom(const QString& kind, QJsonObject more = {}) {
    more[QStringLiteral("schema")] = 1;
    more[QStringLiteral("kind")] = kind;
    more[QStringLiteral("model")] = QStringLiteral("t2");
    return {{QStringLiteral("sealift"), more}};
  }
  ModelDescription model() const {
    ModelDescription model;
    model.vendorId = QStringLiteral("norrland");
    model.id = QStringLiteral("t2");
    model.name = QStringLiteral("Norrland T2");
    model.driver = QStringLiteral("smp");
    model.links = {LinkKind::Udp};
    model.deviceNames = QStringList{QStringLiteral("t2-main")};
    model.hardwareRevisions = QStringList{QStringLiteral("B"), QStringLiteral("C")};
    model.imageFormat = QStringLiteral("mcuboot");
    model.imageKeys = {imageKey_.publicKey().toPem()};
    return model;
  }
  QByteArray buildImage(const Version& version, quint32 counter = 1) const {
    McubootImageSpec spec;
    spec.version = version;
    spec.payload = QByteArray(2000, 'f') + version.toString().toUtf8();
    spec.securityCounter = counter;
    return buildMcubootImage(spec, imageKey_).value();
  }
  static QString imagePath(const Version& version) { return QStringLiteral("t2/%1.bin").arg(version.toString()); }

  Status addModel() {
    return publisher->addTarget(QStringLiteral("t2/model.json"), writeModel(model()), custom(QStringLiteral("model")));
  }
  Status addLifecycle(const QString& endOfLife) {
    const QJsonObject json{{QStringLiteral("model"), QStringLiteral("t2")},
                           {QStringLiteral("securitySupportEnds"), endOfLife}};
    return publisher->addTarget(QStringLiteral("t2/lifecycle.json"), QJsonDocument(json).toJson(),
                                custom(QStringLiteral("lifecycle")));
  }
  // With notes "What VERSION changes." in English, unless `notes` says otherwise (language → text).
  Status addRelease(const Version& version, QJsonObject more = {}, QMap<QString, QByteArray> notes = {},
                    const std::optional<QByteArray>& bytes = {}) {
    if (notes.isEmpty()) {
      notes[QStringLiteral("en")] = "What " + version.toString().toUtf8() + " changes.\n";
    }
    QJsonObject paths;
    for (auto it = notes.constBegin(); it != notes.constEnd(); ++it) {
      const QString path = QStringLiteral("t2/%1.%2.md").arg(version.toString(), it.key());
      SEALIFT_CHECK(publisher->addTarget(path, it.value(), custom(QStringLiteral("notes"))));
      paths[it.key()] = path;
    }
    more[QStringLiteral("version")] = version.toString();
    more[QStringLiteral("securityVersion")] = 1;
    more[QStringLiteral("format")] = QStringLiteral("mcuboot");
    more[QStringLiteral("notes")] = paths;
    return publisher->addTarget(imagePath(version), bytes.value_or(buildImage(version)),
                                custom(QStringLiteral("firmware"), more));
  }

  QString address() const { return QUrl::fromLocalFile(publisher->publicFolder()).toString(); }
  QString stationFolder() const { return folder_.filePath(QStringLiteral("station")); }
  // One that begins anew on what the station's folder holds.
  std::unique_ptr<VendorRepository> repository(FetcherFactory fetchers = makeSystemFetcher,
                                               const QStringList& addresses = {}) const {
    return std::make_unique<VendorRepository>(
        VendorRepository::Identity{QStringLiteral("norrland"), QStringLiteral("Norrland"),
                                   addresses.isEmpty() ? QStringList{address()} : addresses, publisher->rootBytes()},
        stationFolder(), clock, std::move(fetchers));
  }
  static Result<std::unique_ptr<tuf::Fetcher>> noFetcher(const QString& address) {
    return fail(ErrorCode::FetchFailed, QStringLiteral("%1 is away.").arg(address));
  }

 private:
  PrivateKey imageKey_;
};

}  // namespace sealift
