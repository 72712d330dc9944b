// The words of USB DFU: requests, states, statuses and the functional descriptor.
// Source: USB Device Class Specification for Device Firmware Upgrade, version 1.1: chapter 3 (requests), 4.1.3
// (functional descriptor), 6.1.2 (states, statuses).
//
// Any thread. Bytes from the device are never trusted.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <chrono>
#include <optional>

namespace sealift {

// Table 3.2, DFU class-specific requests.
enum class DfuRequest : quint8 { Detach, Dnload, Upload, GetStatus, ClrStatus, GetState, Abort };

// 6.1.2, bState.
enum class DfuState : quint8 {
  AppIdle,
  AppDetach,
  DfuIdle,
  DnloadSync,
  DnBusy,
  DnloadIdle,
  ManifestSync,
  Manifest,
  ManifestWaitReset,
  UploadIdle,
  Error,
};
inline constexpr quint8 kDfuLastState = 10;
QString dfuStateName(DfuState state);  // as the specification writes it: "dfuDNLOAD-IDLE"

// 6.1.2, bStatus.
enum class DfuStatusCode : quint8 {
  Ok,
  ErrTarget,
  ErrFile,
  ErrWrite,
  ErrErase,
  ErrCheckErased,
  ErrProg,
  ErrVerify,
  ErrAddress,
  ErrNotDone,
  ErrFirmware,
  ErrVendor,
  ErrUsbReset,
  ErrPowerOnReset,
  ErrUnknown,
  ErrStalledPacket,
};
inline constexpr quint8 kDfuLastStatus = 15;
QString dfuStatusName(DfuStatusCode code);     // as the specification writes it: "errTARGET"
QString dfuStatusMeaning(DfuStatusCode code);  // what it says, a part of a sentence in plain words

// 3.3.2 GETSTATUS: what the device answers.
struct DfuStatus {
  DfuStatusCode code = DfuStatusCode::Ok;
  std::chrono::milliseconds poll{0};  // bwPollTimeout: the least time before the next GETSTATUS; 24 bits, as told
  DfuState state = DfuState::DfuIdle;
  quint8 text = 0;  // iString: a string descriptor that describes the status; 0: none

  bool operator==(const DfuStatus&) const = default;
};
inline constexpr quint16 kDfuStatusBytes = 6;

// Errors: ProtocolMalformed (not six bytes, or a state or status that the specification doesn't have).
Result<DfuStatus> parseDfuStatus(QByteArrayView bytes);
Result<DfuState> parseDfuState(QByteArrayView bytes);  // 3.3.3 GETSTATE: one byte

// A status that is not OK, as an error: ImageFormatRefused for a file that the device finds wrong, DeviceWriteFailed
// where writing failed, DeviceVerifyFailed, ProtocolRefused for the rest.
Error dfuStatusError(const DfuStatus& status);

// 4.1.3, DFU functional descriptor.
struct DfuFunctional {
  bool canDownload = false;
  bool canUpload = false;
  bool manifestationTolerant = false;  // answers on the USB after manifestation
  bool willDetach = false;             // leaves the bus by itself after DETACH; otherwise the host resets it
  quint16 detachTimeOut = 0;           // ms, how long the device waits for the reset
  quint16 transferSize = 0;            // bytes that it takes at most in one request; never 0
  quint16 version = 0x0100;            // bcdDFUVersion; 1.0 had no such field

  bool isDfuse() const { return version == 0x011A; }
  bool operator==(const DfuFunctional&) const = default;
};

// The descriptor among those that follow an interface; nothing when there is none or it contradicts itself.
std::optional<DfuFunctional> findDfuFunctional(QByteArrayView descriptors);

}  // namespace sealift
