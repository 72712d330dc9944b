// A device with two slots whose bootloader speaks fastboot, with no thread and no clock of its own: it gets packets
// with the time and gives its replies one by one.
// Source: AOSP, system/core/fastboot/README.md; slots as source.android.com, "Bootloader requirements for A/B", says:
// a slot that was not successful yet is tried as often as its retry count says, then it is unbootable and the other
// one is taken; set_active clears "unbootable" and resets the retry count (here also "successful", as most do).
//
// What firmware does is written in it (fastboot_firmware.h):
//   healthy        runs, and marks its slot successful after a while;
//   hang           runs into the watchdog, which resets the device;
//   boot-loop      resets right after it started;
//   stay-on-trial  runs, and never marks its slot.
// Firmware whose payload's digest is wrong is not booted. Not thread-safe; VirtualFastbootDevice is.
#pragma once

#include "devices/virtual/fastboot_firmware.h"
#include "devices/virtual/fastboot_storage.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <array>
#include <limits>
#include <optional>

namespace sealift {

struct FastbootDeviceConfig {
  QByteArray product = "gateway";
  QByteArray serial = "FB-0001";
  QByteArray hardwareRevision = "B";
  bool slots = true;
  QByteArray firmware;                 // in the first slot at first, which is successful
  qsizetype partitionBytes = 1 << 20;  // of each slot; whole sectors
  qsizetype sectorSize = 4096;
  quint32 flashSeed = 1;
  qint64 maxDownload = 256 * 1024;  // bytes
  qint64 maxFetch = 64 * 1024;      // bytes; 0: no `fetch`
  bool digestVariable = false;      // sha256:PARTITION tells the SHA-256 of the firmware in there
  bool secure = true;
  bool unlocked = true;                   // otherwise nothing can be written, erased, read or activated
  bool applicationAnswers = true;         // the running firmware speaks fastboot, too (is-userspace: yes)
  bool startInBootloader = true;          // the first time, as if its key were held
  bool emptyForUnknown = false;           // unknown variables are an empty OKAY, as on old devices
  bool underscoreSlots = false;           // current-slot says "_a"
  bool setActiveKeepsSuccessful = false;  // a bootloader that knows no trial
  int tries = 3;
  int resetMs = 5;     // from the answer to a reboot command until the reset
  int bootMs = 5;      // of the bootloader and of firmware, each
  int confirmMs = 20;  // until healthy firmware marks its slot
  int watchdogMs = 30;
  int flashMsPerMiB = 0;
  int powerReturnMs = -1;     // after a power cut; below 0: only by powerOn()
  quint16 vendorId = 0x18D1;  // USB
  quint16 productId = 0x4EE0;
};

// Faults that a test switches on. Counts run down; until the next power cycle where not said otherwise.
struct FastbootFaults {
  int garbageReplies = 0;        // the next ones are no fastboot replies
  int longReplies = 0;           // the next ones have 300 bytes
  int wrongDataSizes = 0;        // the next DATA replies announce another size
  bool infoForEver = false;      // flash never answers, only tells
  bool silent = false;           // answers nothing
  qint64 vanishAfterBytes = -1;  // of downloads, counted from when it is set; below 0: off
  QByteArray refuseFlash;        // flash fails with these words; until taken back
  bool pretendToWrite = false;   // flash says done and does not write; until taken back
};

class FastbootDevice {
 public:
  static constexpr qint64 kNever = std::numeric_limits<qint64>::max();

  enum class Phase { Off, Starting, Bootloader, Running, Hanging };

  struct SlotState {
    bool successful = false;
    bool unbootable = false;
    int retries = 0;
  };

  struct Output {
    QByteArray bytes;
    bool isData = false;  // part of a data phase; may be divided
  };

  explicit FastbootDevice(const FastbootDeviceConfig& config);

  // Times are monotonic milliseconds of the owner's clock.
  void powerOn(qint64 nowMs);
  void powerOff();
  void holdKey() { keyHeld_ = true; }  // the next start ends in the bootloader
  void advance(qint64 nowMs);
  qint64 nextEventMs() const;

  // Speaks fastboot now.
  bool answers() const;
  // Somebody connects: whatever was going on is given up.
  void beginSession();
  qint64 wantedBytes() const { return wanted_; }  // of a data phase towards the device
  void takeCommand(QByteArrayView packet);
  void takeData(QByteArrayView bytes);  // at most wantedBytes()
  // The next reply; nothing when there is none (yet).
  std::optional<Output> nextOutput();

  Phase phase() const { return phase_; }
  const FastbootDeviceConfig& config() const { return config_; }
  int currentSlot() const { return current_; }
  const SlotState& slot(int index) const { return slots_[static_cast<std::size_t>(index)]; }
  std::optional<FastbootFirmware> firmwareIn(int slot) const;
  FastbootStorage& storage() { return storage_; }
  const FastbootStorage& storage() const { return storage_; }
  FastbootFaults& faults() { return faults_; }
  bool isLeaving() const { return resetAt_ != kNever; }
  quint32 starts() const { return starts_; }  // of the bootloader since it was made
  qint64 downloadedBytes() const { return downloadedBytes_; }
  const QList<QByteArray>& commands() const { return commands_; }  // all that came in

 private:
  enum class Leave { No, Reboot, Bootloader };

  void happen();
  void start();
  void boot();
  void runFirmware();
  void reset();
  void losePower();
  QByteArray partitionOf(int slot) const;
  const FastbootPartition* writable(const QByteArray& name, QByteArray* why) const;
  void reply(const QByteArray& kind, const QByteArray& text = {});
  void doFlash(const QByteArray& name);
  void doErase(const QByteArray& name);
  void doFetch(const QByteArray& argument);
  void doSetActive(const QByteArray& argument);
  void doGetvar(const QByteArray& name);
  std::optional<QByteArray> variable(const QByteArray& name) const;
  int slotIndex(const QByteArray& name) const;
  QList<QByteArray> variableNames() const;

  FastbootDeviceConfig config_;
  FastbootStorage storage_;
  FastbootFaults faults_;
  Phase phase_ = Phase::Off;
  std::array<SlotState, 2> slots_{};
  int current_ = 0;
  bool keyHeld_ = false;
  bool bootloaderNext_ = false;
  qint64 nowMs_ = 0;
  qint64 readyAt_ = kNever;  // the bootloader or the firmware is up
  bool booting_ = false;     // readyAt_ is the firmware's
  qint64 confirmAt_ = kNever;
  qint64 resetAt_ = kNever;
  qint64 powerReturnsAt_ = kNever;
  qint64 busyUntil_ = 0;
  Leave leave_ = Leave::No;  // once the replies are out
  QByteArray download_;
  qint64 wanted_ = 0;
  QList<Output> outputs_;
  QList<QByteArray> commands_;
  quint32 starts_ = 0;
  qint64 downloadedBytes_ = 0;
};

}  // namespace sealift
