// Differences between releases: what the vendor publishes, and the shortest way of an image to a station. Whatever a
// delta makes, only the bytes of the vendor's signed metadata are taken.
#include "app/base/file_io.h"
#include "app/catalog/vendor_file.h"
#include "app/catalog/vendor_repository.h"
#include "app/services/vendor_desk.h"
#include "app/update/delivery.h"
#include "devices/images/delta/image_delta.h"
#include "tests/support/catalog_fixture.h"
#include "tests/support/vendor_folder.h"

#include <QTest>

#include <random>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr Version kOld{1, 0, 0, 0};
constexpr Version kNew{1, 1, 0, 0};

// Counts what is fetched by the last part of its path.
class Traffic {
 public:
  FetcherFactory watch() {
    return [this](const QString& address) -> Result<std::unique_ptr<tuf::Fetcher>> {
      SEALIFT_TRY(auto inner, makeSystemFetcher(address));
      return std::make_unique<Watched>(std::move(inner), paths);
    };
  }
  bool has(const QString& ending) const {
    return std::any_of(paths.cbegin(), paths.cend(), [&](const QString& path) { return path.endsWith(ending); });
  }
  QStringList paths;

 private:
  class Watched final : public tuf::Fetcher {
   public:
    Watched(std::unique_ptr<tuf::Fetcher> inner, QStringList& paths) : inner_(std::move(inner)), paths_(paths) {}
    Result<QByteArray> fetch(const QString& path, qint64 most, const CancelToken& cancel) override {
      paths_ << path;
      return inner_->fetch(path, most, cancel);
    }

   private:
    std::unique_ptr<tuf::Fetcher> inner_;
    QStringList& paths_;
  };
};

}  // namespace

class ReleaseDeltaTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void isTakenWhereItsBaseIsKept();
  void isOfNoUseWithoutItsBase();
  void wholeImageWhenTheDeltaIsNone_data();
  void wholeImageWhenTheDeltaIsNone();
  void otherBytesAreNeverTaken();
  void damagedBaseIsNotedAndTheWholeIsFetched();
  void poorDeltaIsPassedOver();
  void strangeMetadataIsLeftOut();
  void goesToADeviceThatCanApplyIt();
  void vendorMakesThem();
  void vendorLeavesOutWhatDoesNotPay();
  void vendorNamesAReleaseThatIsNotThere();

 private:
  Release release(VendorRepository& repository, const Version& version) const {
    const VendorContents contents = repository.contents();
    for (const Release& each : contents.releases) {
      if (each.terms.version == version) {
        return each;
      }
    }
    return {};
  }
  QByteArray oldImage_;
  QByteArray newImage_;
  std::unique_ptr<CatalogFixture> vendor_;

  QJsonObject described() const {
    return {{QStringLiteral("component"), QStringLiteral("application")},
            {QStringLiteral("to"), CatalogFixture::imagePath(kNew)},
            {QStringLiteral("deltaKind"), QStringLiteral("suffix")},
            {QStringLiteral("fromSha256"), QString::fromLatin1(sha256(oldImage_).toHex())},
            {QStringLiteral("fromBytes"), oldImage_.size()},
            {QStringLiteral("fromDigest"), QStringLiteral("00112233")},
            {QStringLiteral("fromVersion"), kOld.toString()}};
  }
  void publishDelta(const QByteArray& delta, const QJsonObject& changes = {}) const {
    QJsonObject custom =
        CatalogFixture::custom(QStringLiteral("delta"), described())[QStringLiteral("sealift")].toObject();
    for (auto it = changes.begin(); it != changes.end(); ++it) {
      custom[it.key()] = it.value();
    }
    QVERIFY(
        vendor_->publisher->addTarget(QStringLiteral("t2/1.1.delta"), delta, {{QStringLiteral("sealift"), custom}}));
    QVERIFY(vendor_->publisher->publish());
  }
  QByteArray goodDelta() const { return makeDelta(DeltaKind::Suffix, oldImage_, newImage_, {}).value(); }
};

void ReleaseDeltaTest::init() {
  vendor_ = std::make_unique<CatalogFixture>();
  oldImage_ = vendor_->buildImage(kOld);
  newImage_ = vendor_->buildImage(kNew);
  QVERIFY(vendor_->addModel());
  QVERIFY(vendor_->addRelease(kOld, {}, {}, oldImage_));
  QVERIFY(vendor_->addRelease(kNew, {}, {}, newImage_));
  QVERIFY(vendor_->publisher->publish());
}

void ReleaseDeltaTest::isTakenWhereItsBaseIsKept() {
  const QByteArray delta = goodDelta();
  publishDelta(delta);
  Traffic traffic;
  const auto repository = vendor_->repository(traffic.watch());
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->image(release(*repository, kOld), {}));
  QVERIFY(repository->isKept(release(*repository, kOld)));
  const std::optional<ReleaseDelta> useful = repository->usefulDelta(release(*repository, kNew));
  QVERIFY(useful);
  QCOMPARE(useful->bytes, delta.size());
  const Result<ObtainedImage> image = repository->image(release(*repository, kNew), {});
  QVERIFY2(image, image ? "" : qPrintable(image.error().message()));
  QVERIFY(image->way == ObtainedImage::Way::Rebuilt);
  QCOMPARE(image->bytes, newImage_);
  QCOMPARE(image->fetchedBytes, delta.size());
  QCOMPARE(image->fromVersion, kOld.toString());
  QVERIFY(!image->delta);
  QVERIFY(traffic.has(QStringLiteral("1.1.delta")));
  QVERIFY2(!traffic.has(QStringLiteral("1.1.0.bin")), qPrintable(traffic.paths.join(u' ')));
  // And stays: nothing is fetched for it any more.
  const auto later = vendor_->repository(CatalogFixture::noFetcher);
  QVERIFY(later->loadTrusted());
  const Result<ObtainedImage> again = later->image(release(*later, kNew), {});
  QVERIFY(again && again->way == ObtainedImage::Way::Kept);
  QCOMPARE(again->bytes, newImage_);
  QCOMPARE(again->fetchedBytes, 0);
  QVERIFY(!later->usefulDelta(release(*later, kNew)));
}

void ReleaseDeltaTest::isOfNoUseWithoutItsBase() {
  publishDelta(goodDelta());
  Traffic traffic;
  const auto repository = vendor_->repository(traffic.watch());
  QVERIFY(repository->refresh({}));
  QVERIFY(!repository->usefulDelta(release(*repository, kNew)));
  const Result<ObtainedImage> image = repository->image(release(*repository, kNew), {});
  QVERIFY(image && image->way == ObtainedImage::Way::Fetched && !image->delta);
  QCOMPARE(image->fetchedBytes, newImage_.size());
  QVERIFY(!traffic.has(QStringLiteral(".delta")));
}

void ReleaseDeltaTest::wholeImageWhenTheDeltaIsNone_data() {
  QTest::addColumn<QString>("fault");
  for (const char* fault : {"garbage", "empty-but-head", "for-another-base", "makes-more", "gone-from-the-server"}) {
    QTest::newRow(fault) << QString::fromLatin1(fault);
  }
}

void ReleaseDeltaTest::wholeImageWhenTheDeltaIsNone() {
  QFETCH(const QString, fault);
  QByteArray delta = goodDelta();
  if (fault == QLatin1String("garbage")) {
    delta = QByteArray(300, 'x');
  } else if (fault == QLatin1String("empty-but-head")) {
    delta = "SLDs0";
  } else if (fault == QLatin1String("for-another-base")) {
    delta = makeDelta(DeltaKind::Suffix, QByteArray(9000, 'q') + newImage_.first(100), newImage_, {}).value();
  } else if (fault == QLatin1String("makes-more")) {
    delta = makeDelta(DeltaKind::Suffix, oldImage_, newImage_ + "more", {}).value();
  }
  publishDelta(delta);
  if (fault == QLatin1String("gone-from-the-server")) {
    QDirIterator files(vendor_->publisher->publicFolder(), QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
      const QString path = files.next();
      QVERIFY(!path.endsWith(QStringLiteral(".delta")) || QFile::remove(path));
    }
  }
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->image(release(*repository, kOld), {}));
  QVERIFY(repository->usefulDelta(release(*repository, kNew)));
  const Result<ObtainedImage> image = repository->image(release(*repository, kNew), {});
  QVERIFY2(image, image ? "" : qPrintable(image.error().message()));
  QVERIFY(image->way == ObtainedImage::Way::Fetched && image->delta);
  QCOMPARE(image->bytes, newImage_);
}

// A delta is signed for as a file. That it makes another image, itself signed by the vendor's key, must not matter.
void ReleaseDeltaTest::otherBytesAreNeverTaken() {
  QByteArray other = vendor_->buildImage({1, 1, 9, 0});
  other.resize(newImage_.size(), '\0');
  publishDelta(makeDelta(DeltaKind::Suffix, oldImage_, other, {}).value());
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->image(release(*repository, kOld), {}));
  const Result<ObtainedImage> image = repository->image(release(*repository, kNew), {});
  QVERIFY(image && image->delta);
  QCOMPARE(image->delta->code, ErrorCode::TrustHashMismatch);
  QCOMPARE(image->bytes, newImage_);
}

void ReleaseDeltaTest::damagedBaseIsNotedAndTheWholeIsFetched() {
  publishDelta(goodDelta());
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->image(release(*repository, kOld), {}));
  const QString kept =
      vendor_->stationFolder() + QStringLiteral("/targets/") + QString::fromLatin1(sha256(oldImage_).toHex());
  QByteArray damaged = oldImage_;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  QVERIFY(writeFileAtomic(kept, damaged));
  const Result<ObtainedImage> image = repository->image(release(*repository, kNew), {});
  QVERIFY(image && image->way == ObtainedImage::Way::Fetched && image->delta);
  QCOMPARE(image->delta->code, ErrorCode::TrustHashMismatch);
  QCOMPARE(image->bytes, newImage_);
}

void ReleaseDeltaTest::poorDeltaIsPassedOver() {
  publishDelta(goodDelta() + QByteArray(newImage_.size(), 'x'));
  Traffic traffic;
  const auto repository = vendor_->repository(traffic.watch());
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->image(release(*repository, kOld), {}));
  QVERIFY(!repository->usefulDelta(release(*repository, kNew)));
  const Result<ObtainedImage> image = repository->image(release(*repository, kNew), {});
  QVERIFY(image && image->way == ObtainedImage::Way::Fetched);
  QVERIFY(!traffic.has(QStringLiteral(".delta")));
}

void ReleaseDeltaTest::strangeMetadataIsLeftOut() {
  const QList<QJsonObject> strange{
      {{QStringLiteral("fromSha256"), QStringLiteral("abcd")}},
      {{QStringLiteral("fromSha256"), QStringLiteral("zz").repeated(32)}},
      {{QStringLiteral("fromBytes"), -1}},
      {{QStringLiteral("fromBytes"), 1e15}},
      {{QStringLiteral("to"), QString()}},
      {{QStringLiteral("deltaKind"), QJsonValue()}},
  };
  for (const QJsonObject& changes : strange) {
    publishDelta(goodDelta(), changes);
    const auto repository = vendor_->repository();
    QVERIFY(repository->refresh({}));
    QCOMPARE(repository->contents().problems.size(), 1);
    QCOMPARE(release(*repository, kNew).deltas.size(), 0);
  }
  // To a release of another model, or that is not there: it belongs to nothing.
  for (const QJsonObject& changes : {QJsonObject{{QStringLiteral("model"), QStringLiteral("other")}},
                                     QJsonObject{{QStringLiteral("component"), QStringLiteral("radio")}},
                                     QJsonObject{{QStringLiteral("to"), QStringLiteral("t2/9.bin")}}}) {
    publishDelta(goodDelta(), changes);
    const auto repository = vendor_->repository();
    QVERIFY(repository->refresh({}));
    QCOMPARE(release(*repository, kNew).deltas.size(), 0);
  }
}

void ReleaseDeltaTest::goesToADeviceThatCanApplyIt() {
  publishDelta(goodDelta());
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  const Release target = release(*repository, kNew);
  DeviceSnapshot device;
  device.slots = {Slot{}};
  device.slots[0].running = true;
  device.slots[0].digest = QByteArray::fromHex("00112233");
  device.deltaKinds = {QStringLiteral("suffix")};
  Capabilities can;
  can.deltaKinds = {QStringLiteral("zstd-patch"), QStringLiteral("suffix")};
  QVERIFY(deviceDelta(target, device, can));
  QVERIFY(!deviceDelta(target, device, {}));
  device.deltaKinds = {QStringLiteral("zstd-patch")};
  QVERIFY(!deviceDelta(target, device, can));
  device.deltaKinds = {QStringLiteral("suffix")};
  device.slots[0].digest = QByteArray::fromHex("99112233");  // runs something else
  QVERIFY(!deviceDelta(target, device, can));
  device.slots[0].digest.clear();
  QVERIFY(!deviceDelta(target, device, can));
  device.slots[0].digest = QByteArray::fromHex("00112233");

  Image image{.bytes = newImage_, .sha256 = sha256(newImage_), .facts = {}};
  ObtainedImage obtained;
  obtained.fetchedBytes = newImage_.size();
  const LinkAddress slow{LinkKind::Serial, QStringLiteral("/dev/ttyUSB0"), 0, {}};
  const Delivery delivery = chooseDelivery({target, obtained, device, can, slow}, image, *repository, {});
  QVERIFY(image.delta);
  QCOMPARE(image.delta->bytes, goodDelta());
  QCOMPARE(delivery.sendBytes, goodDelta().size());
  QVERIFY2(delivery.send.contains(QStringLiteral("applies itself")), qPrintable(delivery.send));
  image.delta.reset();
  const Delivery whole = chooseDelivery({target, obtained, device, {}, slow}, image, *repository, {});
  QVERIFY(!image.delta);
  QCOMPARE(whole.sendBytes, newImage_.size());
}

void ReleaseDeltaTest::vendorMakesThem() {
  VendorFolder vendor;
  vendor.initRepository();
  vendor.release({1, 0, 0, 0}, {.seed = 1});
  vendor.release({1, 1, 0, 0}, {.deltaFrom = {QStringLiteral("1.0.0")}, .seed = 1});
  vendor.release({1, 2, 0, 0}, {.deltaFrom = {QStringLiteral("all")}, .seed = 1});
  QVERIFY(!vendor.published(QStringLiteral(".delta")).isEmpty());
  const ManualClock clock(QDateTime::currentDateTimeUtc());
  const VendorFile file = VendorFile::parse(*readFile(vendor.vendorFile(), 1 << 20)).value();
  VendorRepository repository({file.id, file.name, file.addresses, file.root}, vendor.file(QStringLiteral("station")),
                              clock, makeSystemFetcher);
  QVERIFY(repository.refresh({}));
  QCOMPARE(repository.contents().problems, QStringList());
  QCOMPARE(release(repository, {1, 0, 0, 0}).deltas.size(), 0);
  QCOMPARE(release(repository, {1, 1, 0, 0}).deltas.size(), 1);
  QCOMPARE(release(repository, {1, 2, 0, 0}).deltas.size(), 2);
  // From each to the next, with nothing but differences.
  QVERIFY(repository.image(release(repository, {1, 0, 0, 0}), {}));
  for (const Version& version : {Version{1, 1, 0, 0}, Version{1, 2, 0, 0}}) {
    const Result<ObtainedImage> image = repository.image(release(repository, version), {});
    QVERIFY(image && image->way == ObtainedImage::Way::Rebuilt);
    const Release wanted = release(repository, version);
    QCOMPARE(QString::fromLatin1(sha256(image->bytes).toHex()), wanted.sha256);
    QCOMPARE(wanted.deltas.first().fromDigest,
             release(repository, *Version::parse(wanted.deltas.first().fromVersion)).imageDigest);
  }
}

void ReleaseDeltaTest::vendorLeavesOutWhatDoesNotPay() {
  VendorFolder vendor;
  vendor.initRepository();
  vendor.release({1, 0, 0, 0});
  QByteArray other(40'000, '\0');
  std::mt19937 random(7);
  std::generate(other.begin(), other.end(), [&] { return static_cast<char>(random()); });
  const QString path = vendor.file(QStringLiteral("other.bin"));
  QVERIFY(writeFileAtomic(path, other));
  NewRelease wanted;
  wanted.imagePath = path;
  wanted.modelId = vendor.model;
  wanted.version = Version{1, 1, 0, 0};
  wanted.skipImageCheck = true;
  wanted.deltaFrom = {QStringLiteral("1.0.0")};
  const Result<AddedRelease> added = vendor.desk().addRelease(wanted);
  QVERIFY2(added, added ? "" : qPrintable(added.error().message()));
  QCOMPARE(added->deltas.size(), 1);
  QCOMPARE(added->deltas.first().path, QString());
  QVERIFY(added->deltas.first().bytes > other.size() * 3 / 4);
}

void ReleaseDeltaTest::vendorNamesAReleaseThatIsNotThere() {
  VendorFolder vendor;
  vendor.initRepository();
  vendor.release({1, 0, 0, 0});
  for (const char* version : {"0.9.0", "1.1.0", "banana"}) {
    NewRelease wanted;
    wanted.imagePath = vendor.file(QStringLiteral("t2-1.0.0.bin"));
    wanted.modelId = vendor.model;
    wanted.deltaFrom = {QString::fromLatin1(version)};
    const Result<AddedRelease> added = vendor.desk().addRelease(wanted);
    QVERIFY(!added);
    QCOMPARE(added.error().code, ErrorCode::NotFound);
  }
}

QTEST_GUILESS_MAIN(ReleaseDeltaTest)
#include "release_delta_test.moc"
