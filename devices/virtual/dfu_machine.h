// The state machine of a DFU device, strict: a request that its state doesn't allow is stalled and ends in dfuERROR.
// The two virtual devices are made from it. What it stores where is theirs to say.
//
// Source: USB Device Class Specification for Device Firmware Upgrade, version 1.1, chapter 3, figure A.1 and the state
// tables A.2.1 to A.2.11.
//
// Threads: any; one lock guards everything.
#pragma once

#include "devices/virtual/usb_function.h"

#include <QStringList>

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace sealift {

struct VirtualDfuConfig {
  quint16 vendorId = 0x1209;
  quint16 productId = 0x0001;  // of the application
  quint16 dfuVendorId = 0x1209;
  quint16 dfuProductId = 0x0002;  // of the bootloader
  quint16 dfuRelease = 0x0100;    // bcdDevice of the bootloader
  QString manufacturer = QStringLiteral("Norrland");
  QString product = QStringLiteral("Norrland U1");
  QString dfuProduct = QStringLiteral("Norrland U1 bootloader");
  QString serial = QStringLiteral("NU1-0001");
  QString dfuSerial = QStringLiteral("NU1-0001");
  UsbSpeed speed = UsbSpeed::High;
  bool runTimeInterface = true;  // the application has a DFU interface
  bool canDownload = true;
  bool canUpload = true;
  bool manifestationTolerant = true;
  bool willDetach = true;
  bool answersBeforeReset = true;  // GETSTATUS in dfuMANIFEST-WAIT-RESET; the specification leaves it open
  quint16 detachTimeOut = 1000;    // ms
  quint16 transferSize = 2048;
  std::chrono::milliseconds blockTime{0};  // to program one block
  std::chrono::milliseconds eraseTime{0};  // to erase one sector
  std::chrono::milliseconds manifestTime{0};
  std::chrono::milliseconds absence{20};  // off the bus while it changes its mode
};

// What goes wrong with a device.
struct VirtualDfuFaults {
  quint64 silentFromRequest = 0;    // the nth DFU request from now (1: the next one) and all after it get no answer
  quint64 vanishAtRequest = 0;      // it leaves the bus for good at the nth DFU request from now
  quint64 garbageFromRequest = 0;   // answers hold something else than they should
  bool busyForEver = false;         // GETSTATUS tells dfuDNBUSY again and again
  bool refusesEverything = false;   // stalls each DFU request
  bool staysAfterDetach = false;    // takes DETACH and does nothing
  bool comesBackAsAnother = false;  // another vendor and product after the next change of mode
  std::optional<std::chrono::milliseconds> pollTimeout;  // bwPollTimeout whatever the work takes (24 bits)
  int failAtBlock = -1;                                  // this block's programming ends in failWith
  quint8 failWith = 0x06;                                // errPROG
  bool storesWrongly = false;                            // one bit of each block is stored inverted, and nothing said
};

class DfuMachine : public UsbFunction {
 public:
  enum class Mode { Application, Bootloader };
  enum State : quint8 {
    kAppIdle,
    kAppDetach,
    kDfuIdle,
    kDnloadSync,
    kDnBusy,
    kDnloadIdle,
    kManifestSync,
    kManifest,
    kManifestWaitReset,
    kUploadIdle,
    kError,
  };

  explicit DfuMachine(const VirtualDfuConfig& config) : config_(config) {}

  // What a test looks at and does; any thread.
  Mode mode() const;
  State state() const;
  quint64 requests() const;  // DFU requests so far
  void setFaults(const VirtualDfuFaults& faults);
  // Somebody holds the boot button: the next start ends in the bootloader.
  void holdBootButton(bool hold);

  UsbDescription description() const final;
  void attach() final;
  void reset() final;
  void unplug() final;
  bool selectAlternate(int interfaceNumber, int alternate) final;
  UsbAnswer control(const UsbSetup& setup, QByteArrayView data) final;

 protected:
  // The outcome of something that takes time; 0 is OK (6.1.2, bStatus).
  struct Work {
    quint8 status = 0;
    std::chrono::milliseconds time{0};
    bool restarts = false;  // the device resets itself when it is done
    bool powerLost = false;
  };
  struct Upload {
    quint8 status = 0;
    QByteArray data;
  };

  // All with the lock held.
  const VirtualDfuConfig& config() const { return config_; }
  const VirtualDfuFaults& faults() const { return faults_; }
  int alternate() const { return alternate_; }

  virtual QStringList alternateNames() const = 0;
  virtual quint16 bcdDfu() const { return 0x0110; }
  virtual void power(bool on) = 0;
  // The release (bcdDevice) of the firmware that can run; nothing: none can.
  virtual std::optional<quint16> bootableRelease() const = 0;
  virtual void beginConversation() {}  // dfuIDLE was entered
  // Carried out at the GETSTATUS that follows the block.
  virtual Work takeBlock(quint16 block, const QByteArray& data) = 0;
  virtual Upload giveBlock(quint16 block, quint16 length) = 0;
  virtual bool mayEndNow() const = 0;  // the empty block is welcome in this state
  virtual Work manifest() = 0;
  virtual bool alwaysBusyFirst() const { return false; }  // dfuDNBUSY at least once for each block
  virtual bool leavesByManifest() const { return false; }
  virtual bool runsIntoNothing() const { return false; }        // what it would start hangs
  virtual quint8 brokenFirmwareStatus() const { return 0x0A; }  // errFIRMWARE: dfuERROR at the start without firmware

  State stateNow() const { return state_; }
  mutable std::mutex mutex_;

 private:
  using Clock = std::chrono::steady_clock;

  void boot();
  void enterBootloader();
  void enter(State state) { state_ = state; }
  void letTimePass();
  UsbAnswer stallInto(quint8 status);
  UsbAnswer detach();
  UsbAnswer dnload(const UsbSetup& setup, QByteArrayView data);
  UsbAnswer upload(const UsbSetup& setup);
  UsbAnswer getStatus();
  UsbAnswer clearStatus();
  UsbAnswer abort();
  UsbAnswer proceedDownload();
  UsbAnswer proceedManifest();
  UsbAnswer tellStatus(std::chrono::milliseconds poll = std::chrono::milliseconds(0));
  UsbAnswer applicationRequest(const UsbSetup& setup);
  UsbAnswer bootloaderRequest(const UsbSetup& setup, QByteArrayView data);
  UsbAnswer garbled(const UsbSetup& setup) const;
  UsbAnswer restart(const UsbAnswer& last);
  QByteArray functionalDescriptor() const;

  const VirtualDfuConfig config_;
  VirtualDfuFaults faults_;
  Mode mode_ = Mode::Application;
  State state_ = kAppIdle;
  quint8 status_ = 0;
  int alternate_ = 0;
  quint16 release_ = 0;  // of the running application
  bool powered_ = false;
  bool stayInBootloader_ = false;  // the next start ends there
  bool buttonHeld_ = false;
  bool another_ = false;  // faults_.comesBackAsAnother took effect
  quint64 requests_ = 0;
  quint64 faultsSince_ = 0;  // requests_ when the faults were set

  quint16 block_ = 0;
  QByteArray pending_;  // the block that waits for its GETSTATUS
  bool hasPending_ = false;
  std::optional<Work> work_;  // begun
  bool manifested_ = false;
  Clock::time_point pollEnd_;
  Clock::time_point workEnd_;
  Clock::time_point detachEnd_;
};

}  // namespace sealift
