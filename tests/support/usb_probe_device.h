// A virtual USB device that does what a test of links needs: it answers, refuses, keeps silent, leaves and comes back.
#pragma once

#include "devices/virtual/usb_function.h"

#include <atomic>

namespace sealift {

class UsbProbeDevice final : public UsbFunction {
 public:
  // bRequest of its vendor requests. To the host, Store reads back what was stored.
  enum Request : quint8 { Store = 1, Stall = 2, Silence = 3, Slow = 4, BecomeOther = 5, Vanish = 6, Alternate = 7 };
  static constexpr quint8 kOut = 0x01;
  static constexpr quint8 kIn = 0x81;        // gives what came through kOut, in one transfer
  static constexpr quint8 kStallIn = 0x82;   // alternate setting 1 only: stalls
  static constexpr quint8 kSilentIn = 0x83;  // alternate setting 1 only: never has anything

  static constexpr quint16 kVendor = 0x1209;  // pid.codes, whose 0001 to 0010 are for tests
  static constexpr quint16 kProduct = 0x0001;
  static constexpr quint16 kOtherProduct = 0x0002;

  explicit UsbProbeDevice(const QString& serial, UsbSpeed speed = UsbSpeed::High) : speed_(speed), serial_(serial) {}

  static QByteArray classDescriptor() { return QByteArray::fromHex("07210b881300ff"); }

  UsbDescription description() const override {
    const quint16 packet = speed_ == UsbSpeed::High ? 512 : 64;
    UsbDescription description;
    description.speed = speed_;
    description.vendorId = kVendor;
    description.productId = other_ ? kOtherProduct : kProduct;
    description.release = 0x0123;
    description.manufacturer = QStringLiteral("Fjällräven Prüfstände");
    description.product = other_ ? QStringLiteral("Other") : QStringLiteral("Probe");
    description.serial = serial_;
    UsbAlternate plain{0, 0, 0xff, 0x01, 0x02, QStringLiteral("Plain"), {{kOut, 2, packet}, {kIn, 2, packet}}, {}};
    plain.extra = classDescriptor();
    UsbAlternate full = plain;
    full.alternate = 1;
    full.name = QStringLiteral("With all € ends");
    full.endpoints += {{kStallIn, 2, packet}, {kSilentIn, 2, packet}};
    description.alternates = {plain, full};
    return description;
  }

  void attach() override {
    ++attached_;
    other_ = next_;
    alternate_ = 0;
    echo_.clear();
  }
  void reset() override {
    ++resets_;
    if (otherAfterReset_) {
      other_ = true;
      next_ = true;
    }
  }
  void unplug() override { ++unplugged_; }
  bool selectAlternate(int /*interfaceNumber*/, int alternate) override {
    alternate_ = alternate;
    return true;
  }

  UsbAnswer control(const UsbSetup& setup, QByteArrayView data) override {
    switch (setup.request.request) {
      case Store:
        if (!setup.toHost()) {
          stored_ = data.toByteArray();
        }
        return UsbAnswer::done(stored_);
      case Silence:
        return UsbAnswer::later();
      case Slow:
        return UsbAnswer::done("slow").after(std::chrono::milliseconds(setup.request.value));
      case BecomeOther:
        next_ = true;
        return UsbAnswer::done().thenReconnect(std::chrono::milliseconds(setup.request.value));
      case Vanish:
        return UsbAnswer::gone();
      case Alternate:
        return UsbAnswer::done(QByteArray(1, static_cast<char>(alternate_)));
      default:
        return UsbAnswer::stall();
    }
  }

  UsbAnswer transferIn(quint8 endpoint, qsizetype maxBytes) override {
    if (endpoint == kStallIn) {
      return UsbAnswer::stall();
    }
    if (endpoint == kSilentIn || echo_.isEmpty()) {
      return UsbAnswer::later();
    }
    const QByteArray bytes = echo_.left(maxBytes);
    echo_.remove(0, bytes.size());
    return UsbAnswer::done(bytes);
  }

  UsbAnswer transferOut(quint8 endpoint, QByteArrayView data) override {
    if (endpoint != kOut) {
      return UsbAnswer::stall();
    }
    echo_ += data.toByteArray();
    taken_ += data.size();
    return UsbAnswer::done();
  }

  void becomeOtherAfterReset() { otherAfterReset_ = true; }
  // From any thread.
  int attached() const { return attached_; }
  int resets() const { return resets_; }
  int unplugged() const { return unplugged_; }
  qint64 taken() const { return taken_; }  // bytes through kOut

 private:
  UsbSpeed speed_;
  QString serial_;
  QByteArray stored_;
  QByteArray echo_;
  bool other_ = false;
  bool next_ = false;
  int alternate_ = 0;
  std::atomic<bool> otherAfterReset_{false};
  std::atomic<int> attached_{0};
  std::atomic<int> resets_{0};
  std::atomic<int> unplugged_{0};
  std::atomic<qint64> taken_{0};
};

}  // namespace sealift
