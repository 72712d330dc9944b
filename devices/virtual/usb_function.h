// What a virtual USB device is to the bus that it is plugged into: VirtualUsbBus within a program, UsbipServer for the
// kernel's own USB stack. The bus answers the standard requests (USB 2.0, 9.4) from description(), keeps halted
// endpoints, and follows the device when it leaves and comes back; the function only does what its class says.
//
// Threads: one call at a time, from any thread. Nothing here may block: a slow device says so in its answer.
#pragma once

#include "transports/links/usb_link.h"

#include <chrono>
#include <optional>

namespace sealift {

enum class UsbSpeed { Full, High };

// What the descriptors tell. Empty strings have no descriptor.
struct UsbDescription {
  UsbSpeed speed = UsbSpeed::High;
  quint16 usbVersion = 0x0200;  // bcdUSB
  quint8 classCode = 0;         // 0: told by each interface
  quint8 subclass = 0;
  quint8 protocol = 0;
  quint16 vendorId = 0;
  quint16 productId = 0;
  quint16 release = 0;  // bcdDevice
  QString manufacturer;
  QString product;
  QString serial;
  QByteArray extra;                // class-specific descriptors of the configuration, before the first interface
  QList<UsbAlternate> alternates;  // by interface, then by alternate setting; at most 64 bytes of maxPacket for bulk
                                   // at full speed, exactly 512 at high speed (USB 2.0, 5.8.3)

  bool operator==(const UsbDescription&) const = default;
};

// The setup packet of a control transfer (USB 2.0, 9.3) with the length of its data stage.
struct UsbSetup {
  UsbRequest request;
  quint16 length = 0;  // wLength

  bool toHost() const { return (request.requestType & 0x80) != 0; }
};

// What a device does with a transfer.
struct UsbAnswer {
  enum class Kind {
    Done,   // data to the host, or the host's data taken
    Stall,  // refused; a bulk endpoint stays halted until the host clears it
    Later,  // NAK: nothing taken, nothing sent; the bus asks again
    Gone,   // off the bus before the transfer ended
  };

  Kind kind = Kind::Done;
  QByteArray data;
  // Done and Stall: how long the device lets the host wait for it. Later: when to ask again.
  std::chrono::milliseconds delay{0};
  // Off the bus after this transfer (always so with Gone). It comes back after `away`, as description() then tells;
  // never when it is negative.
  bool leaves = false;
  std::chrono::milliseconds away{-1};

  static UsbAnswer done(const QByteArray& data = {}) { return {Kind::Done, data, {}, false, kForGood}; }
  static UsbAnswer stall() { return {Kind::Stall, {}, {}, false, kForGood}; }
  static UsbAnswer later(std::chrono::milliseconds again = kAgain) { return {Kind::Later, {}, again, false, kForGood}; }
  static UsbAnswer gone(std::chrono::milliseconds away = kForGood) { return {Kind::Gone, {}, {}, true, away}; }

  UsbAnswer after(std::chrono::milliseconds time) const {
    UsbAnswer answer = *this;
    answer.delay = time;
    return answer;
  }
  // Disconnects once the answer is out, and is back after `time`.
  UsbAnswer thenReconnect(std::chrono::milliseconds time) const {
    UsbAnswer answer = *this;
    answer.leaves = true;
    answer.away = time;
    return answer;
  }
  UsbAnswer thenLeave() const { return thenReconnect(kForGood); }

  static constexpr std::chrono::milliseconds kForGood{-1};
  static constexpr std::chrono::milliseconds kAgain{1};
};

class UsbFunction {
 public:
  virtual ~UsbFunction() = default;

  // What it is now. Asked whenever it comes onto the bus; may differ each time.
  virtual UsbDescription description() const = 0;
  // Power and connection are there: after plugging in, and after each absence.
  virtual void attach() {}
  // A bus reset while it was attached (USB 2.0, 9.2.1). When description() differs afterwards, the host takes it for
  // another device that came to the same place; attach() is not called then, since it was never away.
  virtual void reset() {}
  // The plug was pulled, and power with it.
  virtual void unplug() {}
  // Asked again and again while it is attached: whether it fell off the bus by itself since it came onto it (a
  // watchdog, a power failure), and for how long it stays away (UsbAnswer::kForGood: for good).
  virtual std::optional<std::chrono::milliseconds> fellOff() { return std::nullopt; }
  // The host chose this alternate setting (all are 0 at first). False: refused.
  virtual bool selectAlternate(int interfaceNumber, int alternate) {
    (void)interfaceNumber;
    (void)alternate;
    return true;
  }
  // A request that is not a standard one. `data` holds exactly setup.length bytes when it goes to the device; towards
  // the host the answer is cut to setup.length.
  virtual UsbAnswer control(const UsbSetup& setup, QByteArrayView data) = 0;
  // One piece of a transfer to the host, bulk or interrupt. As many bytes as the device has, at most maxBytes; fewer
  // than that (also none) end the host's transfer. Later: nothing to send yet.
  virtual UsbAnswer transferIn(quint8 endpoint, qsizetype maxBytes) {
    (void)endpoint;
    (void)maxBytes;
    return UsbAnswer::later();
  }
  // One piece of a transfer from the host; a transfer may come in several. Empty: a packet without data.
  virtual UsbAnswer transferOut(quint8 endpoint, QByteArrayView data) {
    (void)endpoint;
    (void)data;
    return UsbAnswer::stall();
  }
};

}  // namespace sealift
