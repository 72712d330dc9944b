// An application over MCUboot that speaks SMP: what a Zephyr device with MCUmgr does, with no thread and no
// clock of its own. Whoever owns it hands in request frames with the time and sends what comes back.
// Source: Zephyr, doc/services/device_mgmt/smp_protocol.rst and smp_groups/smp_group_{0,1,3}.rst.
//
// What new firmware does is written in its payload: the marker "sealift-virtual-behaviour:" and one of
//   healthy     answers and waits to be confirmed (so does firmware without a marker);
//   hang        never answers; the watchdog resets the device, and MCUboot takes the old image back;
//   boot-loop   resets by itself right after it started;
//   deny-confirm  answers, but refuses to be confirmed.
// Not thread-safe; VirtualSmpDevice is.
#pragma once

#include "devices/virtual/mcuboot_model.h"
#include "devices/virtual/smp_frame.h"
#include "devices/virtual/smp_identity_group.h"
#include "devices/virtual/smp_image_group.h"

#include <QByteArray>
#include <QString>

#include <limits>
#include <optional>

namespace sealift {

inline constexpr char kBehaviourMarker[] = "sealift-virtual-behaviour:";

struct SmpDeviceConfig {
  // What the settings tell (group 3): sealift/serial, sealift/model, sealift/hwrev, sealift/secboot, sealift/battery,
  // sealift/idle.
  QString serial = QStringLiteral("0001");
  QString model = QStringLiteral("t2");
  QString hardwareRevision = QStringLiteral("A");
  bool secureBoot = true;
  std::optional<int> batteryPercent = 100;  // nothing: the device has no such setting
  std::optional<bool> idle;                 // the same

  QList<QByteArray> imageKeys;    // PEM, built into the bootloader
  QByteArray firmware;            // in the primary slot at first; signed by one of imageKeys
  quint32 securityCounter = 0;    // as the hardware holds it at first
  bool counterByRequest = false;  // only the identity group raises it; otherwise confirming an image does
  qsizetype imageSectors = 64;    // of each slot
  qsizetype sectorSize = 4096;
  qsizetype writeSize = 4;
  quint32 flashSeed = 1;

  bool identityGroup = true;       // has the identity group (smp_identity_group.h)
  QByteArray identityKey;          // PEM, PKCS#8: sold with an identity; empty: blank, the key is made by request
  QByteArray identityCertificate;  // DER, for that key
  bool identityLocked = false;     // and locked

  quint32 bufferSize = 2048;  // bytes of one frame with its header (os parameters "buf_size")
  quint32 bufferCount = 4;    // frames that may wait ("buf_count")

  // Takes differences as this image number and makes images of them; 0: it can't.
  int deltaImage = 0;
  qsizetype deltaBytes = 64 * 1024;  // at most; RAM

  int resetMs = 0;           // from the answer to a reset request until the reset
  int bootMs = 0;            // bootloader and start of the application, without the swap
  int eraseSectorMs = 0;     // each
  int programUsPerKiB = 0;   // each
  int watchdogMs = 2000;     // resets firmware that hangs
  int confirmTimeoutMs = 0;  // unconfirmed firmware resets itself after this; 0: never
  int powerReturnMs = -1;    // after a power cut; below 0: only by powerOn()

  bool eraseProgressively = true;  // a sector when the upload gets there; otherwise the slot at the first chunk
  bool indefiniteMaps = false;     // CBOR as older servers encode it
  bool frugalLists = false;        // leaves out flags that are false ("the field may not be present if false")
  bool successCarriesRc = false;   // "rc": 0 in successful answers, as older servers do
};

// Faults that a test or the demonstration switches on. Counts run down; 0 is off.
struct SmpFaults {
  int dropRequests = 0;            // the next ones never arrive
  int dropResponses = 0;           // the next ones are carried out, their answers are lost
  qint64 goSilentAfterBytes = -1;  // of upload, counted from when it is set; until the next power cycle; below 0: off
  bool refuseUploads = false;      // answers every upload with "access denied"
  bool pretendToWrite = false;     // says done and does not write
  bool spoilDeltas = false;        // makes something else of a delta
};

class SmpDevice {
 public:
  static constexpr qint64 kNever = std::numeric_limits<qint64>::max();

  enum class Phase {
    Off,       // without power
    Starting,  // bootloader at work
    Running,   // the application answers
    Hanging,   // the application runs and does not answer
    Dead,      // MCUboot found nothing that it may boot
  };

  explicit SmpDevice(const SmpDeviceConfig& config);

  // The first power-on, at `nowMs`. Times are monotonic milliseconds of the owner's clock.
  void powerOn(qint64 nowMs);
  void powerOff();
  // Lets time pass: resets, watchdog, boot. Called by handle(), too.
  void advance(qint64 nowMs);
  // When something will happen by itself; kNever when nothing will.
  qint64 nextEventMs() const;
  // The answer's frame; empty when there is none.
  QByteArray handle(QByteArrayView bytes, qint64 nowMs);
  // How long the last request kept the device busy (flash); its answer goes out that much later.
  qint64 lastBusyMs() const { return lastBusyMs_; }

  Phase phase() const { return phase_; }
  const SmpDeviceConfig& config() const { return config_; }
  const McubootModel& bootloader() const { return bootloader_; }
  FlashModel& flash() { return flash_; }
  quint64 flashOperations() const { return flash_.operations(); }
  SmpFaults& faults() { return faults_; }
  std::optional<McubootImage> running() const;  // nothing unless the application runs
  quint32 boots() const { return boots_; }
  quint32 watchdogResets() const { return watchdogResets_; }
  qint64 uploadedBytes() const { return images_.storedBytes(); }  // since the first power-on
  SmpIdentityGroup& identity() { return identity_; }
  const SmpIdentityGroup& identity() const { return identity_; }

 private:
  void reset(qint64 atMs);
  void startApplication();
  void losePower(qint64 nowMs);
  SmpReply dispatch(const virtual_smp::Frame& request);
  SmpReply handleOs(const virtual_smp::Frame& request);
  SmpReply readSetting(const virtual_smp::Frame& request) const;
  SmpReply writeSetting(const virtual_smp::Frame& request);
  qint64 flashTimeMs() const;  // of everything so far

  SmpDeviceConfig config_;
  FlashModel flash_;
  McubootModel bootloader_;
  SmpImageGroup images_;
  SmpIdentityGroup identity_;
  SmpFaults faults_;
  Phase phase_ = Phase::Off;
  std::optional<McubootImage> booted_;  // by the last successful boot
  qint64 nowMs_ = 0;
  qint64 startedAt_ = kNever;  // when the application starts
  qint64 resetAt_ = kNever;    // a reset that is under way: asked for, watchdog, or self-inflicted
  qint64 powerReturnsAt_ = kNever;
  bool resetRequested_ = false;  // resetAt_ was asked for by the client
  bool silent_ = false;
  bool watchdogArmed_ = false;
  qint64 lastBusyMs_ = 0;
  quint32 boots_ = 0;
  quint32 watchdogResets_ = 0;
};

}  // namespace sealift
