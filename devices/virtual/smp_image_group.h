// The image management group (1) of an SMP server over MCUboot.
// Source: Zephyr, doc/services/device_mgmt/smp_groups/smp_group_1.rst.
#pragma once

#include "devices/virtual/mcuboot_model.h"
#include "devices/virtual/smp_frame.h"

#include <QCborMap>

namespace sealift {

struct SmpDeviceConfig;
struct SmpFaults;

// What is answered: a map, or an error of the group or of SMP itself.
struct SmpReply {
  QCborMap body;
  int rc = 0;         // mcumgr_err_t
  int groupRc = 0;    // the group's own code; wins over rc in version 2 of the protocol
  bool lost = false;  // the power went: no answer at all

  static SmpReply error(int rc) { return {{}, rc, 0, false}; }
  static SmpReply groupError(int groupRc, int rc) { return {{}, rc, groupRc, false}; }
};

// mcumgr_err_t
enum SmpError {
  kSmpUnknown = 1,
  kSmpInvalid = 3,
  kSmpNoEntry = 5,
  kSmpBadState = 6,
  kSmpNotSupported = 8,
  kSmpAccessDenied = 11,
};

class SmpImageGroup {
 public:
  SmpImageGroup(const SmpDeviceConfig& config, FlashModel& flash, McubootModel& bootloader, const SmpFaults& faults)
      : config_(config), flash_(flash), bootloader_(bootloader), faults_(faults) {}

  SmpReply handle(const virtual_smp::Frame& request);
  // What a reset forgets: the upload that is under way lives in RAM.
  void reset() {
    upload_ = {};
    delta_ = {};
    madeDigest_.clear();
  }
  // Computed over what was made of the last delta; empty when nothing was.
  const QByteArray& madeDigest() const { return madeDigest_; }
  // The running firmware refuses to be confirmed.
  void setDeniesConfirm(bool denies) { deniesConfirm_ = denies; }
  qint64 storedBytes() const { return storedBytes_; }

 private:
  struct Upload {
    bool active = false;
    QByteArray sha;  // of the whole file, as the client said; may be empty
    qsizetype size = 0;
    qsizetype offset = 0;    // bytes taken
    QByteArray unwritten;    // less than a write unit
    qsizetype erasedTo = 0;  // of the slot
  };

  struct Delta {
    QByteArray sha;
    qsizetype size = 0;
    QByteArray bytes;
  };

  SmpReply readState() const;
  SmpReply writeState(const QCborMap& body);
  SmpReply upload(const QCborMap& body);
  SmpReply beginUpload(const QCborMap& body, const QByteArray& data);
  SmpReply takeChunk(const QByteArray& data);
  SmpReply uploadDelta(const QCborMap& body, qint64 offset, const QByteArray& data);
  SmpReply makeFromDelta();
  Status store(const QByteArray& data, bool last);
  SmpReply eraseSlot(const QCborMap& body);
  SmpReply slotInfo() const;
  bool secondaryInUse() const;
  SmpReply flashFailed(int groupRc) const;

  const SmpDeviceConfig& config_;
  FlashModel& flash_;
  McubootModel& bootloader_;
  const SmpFaults& faults_;
  Upload upload_;
  Delta delta_;
  QByteArray madeDigest_;
  bool deniesConfirm_ = false;
  qint64 storedBytes_ = 0;
};

}  // namespace sealift
