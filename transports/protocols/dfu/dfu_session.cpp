#include "transports/protocols/dfu/dfu_session.h"

#include <algorithm>
#include <thread>

namespace sealift {

namespace {

constexpr quint8 kToDevice = 0x21;  // table 3.2: class, interface
constexpr quint8 kToHost = 0xA1;
constexpr qsizetype kMostControlBytes = 4096;
constexpr int kSettleSteps = 12;  // more than any path to dfuIDLE in figure A.1 has

bool isBusy(DfuState state) {
  return state == DfuState::DnloadSync || state == DfuState::DnBusy || state == DfuState::ManifestSync ||
         state == DfuState::Manifest;
}

}  // namespace

DfuSession::DfuSession(UsbLink& link, const DfuInterface& interface, const DfuPatience& patience)
    : link_(link), interface_(interface), patience_(patience) {}

qsizetype DfuSession::blockSize() const {
  return std::min<qsizetype>(interface_.functional.transferSize, kMostControlBytes);
}

UsbRequest DfuSession::request(DfuRequest request, bool toHost, quint16 value) const {
  return {toHost ? kToHost : kToDevice, static_cast<quint8>(request), value, static_cast<quint16>(interface_.number)};
}

Deadline DfuSession::requestDeadline(const char* name) const {
  return Deadline::in(patience_.request, QStringLiteral("the answer to %1").arg(QLatin1String(name)));
}

Status DfuSession::claim(const CancelToken& cancel) {
  return link_.claim(interface_.number, interface_.alternate, cancel);
}

Status DfuSession::detach(const CancelToken& cancel) {
  // 3.1: wTimeout, how long the device waits for the reset; a device with wDetachTimeOut 0 still gets a second.
  const quint16 timeout = interface_.functional.detachTimeOut == 0 ? 1000 : interface_.functional.detachTimeOut;
  return link_.controlOut(request(DfuRequest::Detach, false, timeout), {}, requestDeadline("DFU_DETACH"), cancel);
}

Status DfuSession::dnload(quint16 block, QByteArrayView data, const CancelToken& cancel) {
  return link_.controlOut(request(DfuRequest::Dnload, false, block), data, requestDeadline("DFU_DNLOAD"), cancel);
}

Result<QByteArray> DfuSession::upload(quint16 block, quint16 bytes, const CancelToken& cancel) {
  SEALIFT_TRY(QByteArray data,
              link_.controlIn(request(DfuRequest::Upload, true, block), bytes, requestDeadline("DFU_UPLOAD"), cancel));
  if (data.size() > bytes) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The device sent more than was asked for."));
  }
  return data;
}

Result<DfuStatus> DfuSession::getStatus(const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray bytes, link_.controlIn(request(DfuRequest::GetStatus, true), kDfuStatusBytes,
                                                      requestDeadline("DFU_GETSTATUS"), cancel));
  SEALIFT_TRY(lastStatus_, parseDfuStatus(bytes));
  return lastStatus_;
}

Status DfuSession::clearStatus(const CancelToken& cancel) {
  return link_.controlOut(request(DfuRequest::ClrStatus, false), {}, requestDeadline("DFU_CLRSTATUS"), cancel);
}

Result<DfuState> DfuSession::getState(const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray bytes,
              link_.controlIn(request(DfuRequest::GetState, true), 1, requestDeadline("DFU_GETSTATE"), cancel));
  return parseDfuState(bytes);
}

Status DfuSession::abort(const CancelToken& cancel) {
  return link_.controlOut(request(DfuRequest::Abort, false), {}, requestDeadline("DFU_ABORT"), cancel);
}

Error DfuSession::reasonFor(const Error& error, const CancelToken& cancel) {
  if (error.code != ErrorCode::ProtocolRefused) {
    return error;
  }
  const Result<DfuStatus> status = getStatus(cancel);
  return status && status->code != DfuStatusCode::Ok ? dfuStatusError(*status) : error;
}

// 6.1.2: bwPollTimeout is the least time until the next GETSTATUS. No device makes Sealift wait for hours.
Status DfuSession::pauseFor(const DfuStatus& status, const Deadline& deadline, const CancelToken& cancel) const {
  const Deadline end =
      deadline.sooner(std::min(status.poll, patience_.longestPoll), QStringLiteral("the device's poll timeout"));
  while (!end.passed()) {
    SEALIFT_CHECK(cancel.check());
    std::this_thread::sleep_for(std::chrono::milliseconds(end.sliceMs()));
  }
  return cancel.check();
}

Result<DfuStatus> DfuSession::awaitState(std::initializer_list<DfuState> wanted, const Deadline& deadline,
                                         const CancelToken& cancel) {
  for (;;) {
    SEALIFT_TRY(const DfuStatus status, getStatus(cancel));
    if (status.code != DfuStatusCode::Ok) {
      return fail(dfuStatusError(status));
    }
    if (std::find(wanted.begin(), wanted.end(), status.state) != wanted.end()) {
      return status;
    }
    if (!isBusy(status.state)) {
      return fail(ErrorCode::ProtocolUnexpected, QStringLiteral("The device is in the state %1 and should be in %2.")
                                                     .arg(dfuStateName(status.state), dfuStateName(*wanted.begin())));
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
    SEALIFT_CHECK(pauseFor(status, deadline, cancel));
  }
}

Status DfuSession::becomeIdle(const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(patience_.settle, QStringLiteral("the device to become idle"));
  int steps = 0;
  while (!deadline.passed() && steps < kSettleSteps) {
    SEALIFT_TRY(const DfuStatus status, getStatus(cancel));
    switch (status.state) {
      case DfuState::DfuIdle:
        return {};
      case DfuState::Error:
        SEALIFT_CHECK(clearStatus(cancel));
        ++steps;
        break;
      case DfuState::DnloadIdle:
      case DfuState::UploadIdle:
        SEALIFT_CHECK(abort(cancel));
        ++steps;
        break;
      case DfuState::DnloadSync:
      case DfuState::DnBusy:
      case DfuState::ManifestSync:
      case DfuState::Manifest:
        SEALIFT_CHECK(pauseFor(status, deadline, cancel));
        break;
      default:
        return fail(
            ErrorCode::ProtocolUnexpected,
            QStringLiteral("The device is in the state %1 and can't take firmware.").arg(dfuStateName(status.state)),
            QStringLiteral("Unplug the device, plug it in again and start its bootloader, then try again."));
    }
  }
  return fail(ErrorCode::ProtocolUnexpected, QStringLiteral("The device does not become idle."),
              QStringLiteral("Unplug the device, plug it in again and start its bootloader, then try again."));
}

Status DfuSession::writeBlock(quint16 block, QByteArrayView data, const CancelToken& cancel) {
  if (const Status sent = dnload(block, data, cancel); !sent) {
    return fail(reasonFor(sent.error(), cancel));
  }
  SEALIFT_CHECK(awaitState({DfuState::DnloadIdle},
                           Deadline::in(patience_.block, QStringLiteral("the device to program a block")), cancel));
  return {};
}

Status DfuSession::download(QByteArrayView payload, Progress& progress, const CancelToken& cancel) {
  if (!interface_.functional.canDownload) {
    return fail(ErrorCode::NotSupported, QStringLiteral("The device says that it takes no firmware over DFU."));
  }
  nextBlock_ = 0;
  for (qsizetype at = 0; at < payload.size(); at += blockSize()) {
    SEALIFT_CHECK(cancel.check());
    const QByteArrayView data = payload.sliced(at, std::min(blockSize(), payload.size() - at));
    SEALIFT_CHECK(writeBlock(nextBlock_++, data, cancel));
    progress.setBytes(at + data.size(), payload.size());
  }
  return {};
}

Result<DfuManifested> DfuSession::finishDownload(const CancelToken& cancel) {
  if (const Status sent = dnload(nextBlock_, {}, cancel); !sent) {
    if (sent.error().code == ErrorCode::LinkLost) {
      return DfuManifested::Gone;
    }
    return fail(reasonFor(sent.error(), cancel));
  }
  const Deadline deadline = Deadline::in(patience_.manifest, QStringLiteral("the device to take over its firmware"));
  const bool tolerant = interface_.functional.manifestationTolerant;
  bool manifesting = false;
  for (;;) {
    const Result<DfuStatus> status = getStatus(cancel);
    if (!status) {
      if (status.error().code == ErrorCode::LinkLost) {
        return DfuManifested::Gone;
      }
      // Chapter 7: one that is not tolerant need not answer any more once it manifests.
      const bool mute = status.error().code == ErrorCode::Timeout || status.error().code == ErrorCode::ProtocolRefused;
      if (mute && manifesting && !tolerant) {
        return DfuManifested::NeedsReset;
      }
      return fail(status.error());
    }
    if (status->code != DfuStatusCode::Ok) {
      return fail(dfuStatusError(*status));
    }
    if (status->state == DfuState::DfuIdle) {
      return DfuManifested::Idle;
    }
    if (status->state == DfuState::ManifestWaitReset) {
      return DfuManifested::NeedsReset;
    }
    if (status->state != DfuState::ManifestSync && status->state != DfuState::Manifest) {
      return fail(ErrorCode::ProtocolUnexpected,
                  QStringLiteral("The device is in the state %1 after all firmware was sent.")
                      .arg(dfuStateName(status->state)));
    }
    manifesting = manifesting || status->state == DfuState::Manifest;
    if (deadline.passed()) {
      return deadline.timeout();
    }
    SEALIFT_CHECK(pauseFor(*status, deadline, cancel));
  }
}

Result<QByteArray> DfuSession::readBack(qsizetype bytes, Progress& progress, const CancelToken& cancel) {
  if (!interface_.functional.canUpload) {
    return fail(ErrorCode::NotSupported, QStringLiteral("The device can't be read over DFU."));
  }
  QByteArray content;
  quint16 block = 0;
  while (content.size() < bytes) {
    SEALIFT_CHECK(cancel.check());
    const Result<QByteArray> data = upload(block++, static_cast<quint16>(blockSize()), cancel);
    if (!data) {
      return fail(reasonFor(data.error(), cancel));
    }
    content.append(*data);
    progress.setBytes(std::min(content.size(), bytes), bytes);
    if (data->size() < blockSize()) {  // 6.2: a short frame ends the upload, the device is in dfuIDLE
      content.truncate(bytes);
      return content;
    }
  }
  content.truncate(bytes);
  SEALIFT_CHECK(abort(cancel));
  return content;
}

}  // namespace sealift
