#include "transports/protocols/dfu/dfuse_session.h"

#include "app/base/byte_writer.h"

#include <algorithm>
#include <limits>

namespace sealift {

namespace {

constexpr quint16 kCommandBlock = 0;
constexpr quint16 kFirstDataBlock = 2;  // wBlockNum 1 is reserved
constexpr int kLastDataBlock = std::numeric_limits<quint16>::max();
constexpr std::chrono::milliseconds kCommandTime{10'000};
constexpr std::chrono::milliseconds kSectorEraseTime{60'000};
constexpr std::chrono::milliseconds kMassEraseTime{300'000};  // two megabytes of an STM32F4 take up to 32 s (datasheet)

}  // namespace

// What ST's bootloader means by errVENDOR.
Error DfuseSession::protectedOr(const Error& error) const {
  if (dfu_.lastStatus().code != DfuStatusCode::ErrVendor) {
    return error;
  }
  return makeError(ErrorCode::DeviceProtected,
                   QStringLiteral("The device's read-out protection is on: its bootloader neither reads nor writes."));
}

Result<QByteArray> DfuseSession::getCommands(const CancelToken& cancel) {
  constexpr quint16 kMostCommands = 64;
  const Result<QByteArray> codes = dfu_.upload(kCommandBlock, kMostCommands, cancel);
  if (!codes) {
    return fail(dfu_.reasonFor(codes.error(), cancel));
  }
  SEALIFT_CHECK(dfu_.becomeIdle(cancel));
  return *codes;
}

// AN3156, 5: the command goes out with DFU_DNLOAD and is carried out by the first DFU_GETSTATUS (dfuDNBUSY); the next
// one tells how it went.
Status DfuseSession::command(DfuseCommand code, std::optional<quint32> address, const Deadline& deadline,
                             const CancelToken& cancel) {
  QByteArray bytes(1, static_cast<char>(code));
  if (address) {
    appendLe32(bytes, *address);
  }
  if (const Status sent = dfu_.dnload(kCommandBlock, bytes, cancel); !sent) {
    return fail(protectedOr(dfu_.reasonFor(sent.error(), cancel)));
  }
  if (const auto done = dfu_.awaitState({DfuState::DnloadIdle}, deadline, cancel); !done) {
    return fail(protectedOr(done.error()));
  }
  return {};
}

Status DfuseSession::setAddress(quint32 address, const CancelToken& cancel) {
  return command(DfuseCommand::SetAddress, address,
                 Deadline::in(kCommandTime, QStringLiteral("the device to take an address")), cancel);
}

Status DfuseSession::eraseSector(quint32 address, const CancelToken& cancel) {
  return command(DfuseCommand::Erase, address,
                 Deadline::in(kSectorEraseTime, QStringLiteral("the device to erase a sector")), cancel);
}

Status DfuseSession::massErase(const CancelToken& cancel) {
  return command(DfuseCommand::Erase, std::nullopt,
                 Deadline::in(kMassEraseTime, QStringLiteral("the device to erase its memory")), cancel);
}

Status DfuseSession::readUnprotect(const CancelToken& cancel) {
  const Status done = command(DfuseCommand::ReadUnprotect, std::nullopt,
                              Deadline::in(kMassEraseTime, QStringLiteral("the device to erase itself")), cancel);
  if (!done && done.error().code == ErrorCode::LinkLost) {  // 5.4: it resets as soon as it is done
    return {};
  }
  return done;
}

bool DfuseSession::addressesBlocks() const {
  return dfu_.blockSize() == dfu_.interface().functional.transferSize;
}

// 5.1: byte n of block b goes to address pointer + (b - 2) * wTransferSize + n. Where Sealift's blocks are smaller
// than the device's, or when block numbers run out, the pointer is set anew.
Status DfuseSession::write(quint32 address, QByteArrayView data, Progress& progress, const CancelToken& cancel) {
  int block = kLastDataBlock + 1;
  for (qsizetype at = 0; at < data.size(); at += dfu_.blockSize()) {
    SEALIFT_CHECK(cancel.check());
    if (block > kLastDataBlock || !addressesBlocks()) {
      SEALIFT_CHECK(setAddress(address + static_cast<quint32>(at), cancel));
      block = kFirstDataBlock;
    }
    const QByteArrayView piece = data.sliced(at, std::min(dfu_.blockSize(), data.size() - at));
    if (const Status written = dfu_.writeBlock(static_cast<quint16>(block++), piece, cancel); !written) {
      return fail(protectedOr(written.error()));
    }
    progress.setBytes(at + piece.size(), data.size());
  }
  return {};
}

Result<QByteArray> DfuseSession::read(quint32 address, qsizetype bytes, Progress& progress, const CancelToken& cancel) {
  QByteArray content;
  int block = kLastDataBlock + 1;
  while (content.size() < bytes) {
    SEALIFT_CHECK(cancel.check());
    if (block > kLastDataBlock || !addressesBlocks()) {
      SEALIFT_CHECK(dfu_.becomeIdle(cancel));
      SEALIFT_CHECK(setAddress(address + static_cast<quint32>(content.size()), cancel));
      SEALIFT_CHECK(dfu_.abort(cancel));  // 4.1: DFU_UPLOAD is taken in dfuIDLE and dfuUPLOAD-IDLE only
      block = kFirstDataBlock;
    }
    const auto wanted = static_cast<quint16>(std::min(dfu_.blockSize(), bytes - content.size()));
    const Result<QByteArray> data = dfu_.upload(static_cast<quint16>(block++), wanted, cancel);
    if (!data) {
      return fail(protectedOr(dfu_.reasonFor(data.error(), cancel)));
    }
    content.append(*data);
    progress.setBytes(content.size(), bytes);
    if (data->size() < wanted) {
      break;
    }
  }
  SEALIFT_CHECK(dfu_.becomeIdle(cancel));
  return content;
}

Status DfuseSession::leave(quint32 address, const CancelToken& cancel) {
  SEALIFT_CHECK(dfu_.becomeIdle(cancel));
  SEALIFT_CHECK(setAddress(address, cancel));
  if (const Status sent = dfu_.dnload(kFirstDataBlock, {}, cancel); !sent) {
    return sent.error().code == ErrorCode::LinkLost ? Status() : fail(dfu_.reasonFor(sent.error(), cancel));
  }
  // 6: DFU_GETSTATUS makes it go. What it answers, if it does, is dfuMANIFEST.
  const Result<DfuStatus> status = dfu_.getStatus(cancel);
  if (!status) {
    const ErrorCode code = status.error().code;
    return code == ErrorCode::LinkLost || code == ErrorCode::Timeout || code == ErrorCode::ProtocolRefused
               ? Status()
               : fail(status.error());
  }
  if (status->code != DfuStatusCode::Ok) {
    return fail(dfuStatusError(*status));
  }
  return {};
}

}  // namespace sealift
