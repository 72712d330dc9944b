// An SMP device over UDP without thread and socket: it answers within the call that asks it.
#pragma once

#include "devices/images/delta/image_delta.h"
#include "tests/support/driver_contract.h"
#include "tests/support/virtual_firmware.h"

#include <QElapsedTimer>
#include <QThread>

#include <deque>

namespace sealift::test {

class DirectSmpUnit final : public ContractUnit, public LinkOpener {
 public:
  // `byDelta`: the device makes the new image from what it runs and a difference.
  explicit DirectSmpUnit(bool byDelta = false) : byDelta_(byDelta), device_(config(byDelta)) {
    clock_.start();
    device_.powerOn(clock_.elapsed());
    (void)firmware();
  }

  ModelDescription model() const override {
    ModelDescription model;
    model.vendorId = QStringLiteral("norrland");
    model.id = QStringLiteral("t2");
    model.name = QStringLiteral("Norrland T2");
    model.driver = QStringLiteral("smp");
    model.links = {LinkKind::Udp};
    model.deviceNames = {QStringLiteral("t2")};
    model.imageFormat = QStringLiteral("mcuboot");
    model.imageKeys = {vendor().publicKey()};
    model.timings = {.restartSeconds = 1, .confirmSeconds = 1};
    return model;
  }
  LinkAddress address() const override { return {LinkKind::Udp, QStringLiteral("127.0.0.1"), 1337, {}}; }
  LinkOpener& opener() override { return *this; }
  Image newImage() const override {
    static const Image whole = vendor().image(vendor().build({2, 0, 0, 7}, "healthy", kImageBytes, 1, kAlike));
    if (!byDelta_) {
      return whole;
    }
    static const DeviceDelta delta{deltaKindName(DeltaKind::Suffix),
                                   makeDelta(DeltaKind::Suffix, oldFirmware(), whole.bytes, {}).value(),
                                   vendor().image(oldFirmware()).facts.digest};
    Image image = whole;
    image.delta = delta;
    return image;
  }
  Image wrongImage() const override { return newImage(); }

  std::optional<Version> firmware() override {
    for (int i = 0; i < kPatience; ++i) {
      device_.advance(clock_.elapsed());
      if (const std::optional<McubootImage> image = device_.running()) {
        return image->version;
      }
      QThread::msleep(kSliceMs);
    }
    return std::nullopt;
  }
  bool isConfirmed() override { return device_.bootloader().isPrimaryConfirmed(); }
  quint64 flashOperations() override { return device_.flashOperations(); }
  void cutPowerAtFlashOperation(quint64 n) override { device_.flash().cutPowerAtOperation(n); }
  void powerCycle() override {
    device_.powerOff();
    device_.powerOn(clock_.elapsed());
    (void)firmware();
  }

  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress&, const CancelToken&) override {
    return std::make_unique<Link>(*this);
  }
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress&, const CancelToken&) override {
    return fail(ErrorCode::NotSupported, QStringLiteral("No bytes here."));
  }

 private:
  static constexpr qsizetype kImageBytes = 3'000;
  static constexpr quint32 kAlike = 7;  // the seed of both images
  static constexpr int kPatience = 1000;
  static constexpr unsigned long kSliceMs = 10;

  class Link final : public DatagramLink {
   public:
    explicit Link(DirectSmpUnit& unit) : unit_(unit) {}
    Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
      SEALIFT_CHECK(cancel.check());
      if (answers_.empty()) {  // nothing comes unasked
        QThread::msleep(static_cast<unsigned long>(deadline.remaining().count()));
        unit_.device_.advance(unit_.clock_.elapsed());
        return deadline.timeout();
      }
      QByteArray answer = answers_.front();
      answers_.pop_front();
      return answer;
    }
    Status send(QByteArrayView datagram, const Deadline&, const CancelToken& cancel) override {
      SEALIFT_CHECK(cancel.check());
      if (QByteArray answer = unit_.device_.handle(datagram, unit_.clock_.elapsed()); !answer.isEmpty()) {
        answers_.push_back(std::move(answer));
      }
      return {};
    }
    qsizetype maxDatagram() const override { return 65'507; }
    QString description() const override { return QStringLiteral("direct"); }

   private:
    DirectSmpUnit& unit_;
    std::deque<QByteArray> answers_;
  };

  static const VirtualVendor& vendor() {
    static const VirtualVendor instance;
    return instance;
  }
  // Signatures are never twice the same: every unit is the same unit.
  static const QByteArray& oldFirmware() {
    static const QByteArray old = vendor().build({1, 0, 0, 0}, "healthy", kImageBytes, 1, kAlike);
    return old;
  }
  static SmpDeviceConfig config(bool byDelta) {
    SmpDeviceConfig config = vendor().device(oldFirmware());
    config.deltaImage = byDelta ? 2 : 0;
    config.bootMs = 30;
    config.watchdogMs = 100;
    config.imageSectors = 8;
    config.sectorSize = 1024;
    config.bufferSize = 512;
    return config;
  }

  const bool byDelta_;
  QElapsedTimer clock_;
  SmpDevice device_;
};

}  // namespace sealift::test
