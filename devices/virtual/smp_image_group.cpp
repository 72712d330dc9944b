#include "devices/virtual/smp_image_group.h"

#include "app/base/byte_reader.h"
#include "devices/images/delta/image_delta.h"
#include "devices/virtual/smp_device.h"
#include "keystore/crypto/digest.h"

#include <QCborArray>

#include <utility>

namespace sealift {

using virtual_smp::Frame;

namespace {

// img_mgmt_err_code_t
enum ImageError {
  kImageFlashWriteFailed = 12,
  kImageFlashEraseFailed = 13,
  kImageNoFreeSlot = 9,
  kImageHashNotFound = 8,
  kImageInvalidSlot = 14,
  kImageInvalidLength = 21,
  kImageInvalidHeader = 22,
  kImageInvalidHeaderMagic = 23,
  kImageInvalidHash = 24,
  kImageCurrentVersionIsNewer = 27,
  kImageAlreadyPending = 28,
  kImageTooLarge = 30,
  kImageDataOverrun = 31,
  kImageConfirmationDenied = 32,
  kImageTestOfActiveDenied = 33,
};

QString key(const char* name) {
  return QString::fromLatin1(name);
}

// As img_mgmt prints it: the build number, if any, follows after a dot.
QString versionText(const Version& version) {
  QString text = QStringLiteral("%1.%2.%3").arg(version.major).arg(version.minor).arg(version.revision);
  return version.build == 0 ? text : text + QStringLiteral(".%1").arg(version.build);
}

}  // namespace

SmpReply SmpImageGroup::handle(const Frame& request) {
  const bool write = request.op == virtual_smp::kWrite;
  switch (request.command) {
    case 0:
      return write ? writeState(request.body) : readState();
    case 1:
      return write ? upload(request.body) : SmpReply::error(kSmpNotSupported);
    case 5:
      return write ? eraseSlot(request.body) : SmpReply::error(kSmpNotSupported);
    case 6:
      return write ? SmpReply::error(kSmpNotSupported) : slotInfo();
    default:
      return SmpReply::error(kSmpNotSupported);
  }
}

SmpReply SmpImageGroup::flashFailed(int groupRc) const {
  SmpReply reply = SmpReply::groupError(groupRc, kSmpUnknown);
  reply.lost = !flash_.hasPower();
  return reply;
}

// Waiting for a swap, or holding the image to go back to.
bool SmpImageGroup::secondaryInUse() const {
  return bootloader_.swapType() != SwapType::None;
}

SmpReply SmpImageGroup::readState() const {
  const SwapType next = bootloader_.swapType();
  QCborArray images;
  for (const int slot : {McubootModel::kPrimary, McubootModel::kSecondary}) {
    const std::optional<McubootImage> image = bootloader_.image(slot);
    if (!image) {
      continue;  // "if an image can not be identified as valid it is simply skipped"
    }
    const bool primary = slot == McubootModel::kPrimary;
    QCborMap entry;
    entry[key("slot")] = slot;
    entry[key("version")] = versionText(image->version);
    entry[key("hash")] = image->hash;
    const auto flag = [&](const char* name, bool value) {
      if (value || !config_.frugalLists) {
        entry[key(name)] = value;
      }
    };
    flag("bootable", true);
    flag("pending", !primary && (next == SwapType::Test || next == SwapType::Permanent));
    flag("confirmed", primary ? next != SwapType::Revert : next == SwapType::Revert);
    flag("active", primary);
    flag("permanent", !primary && next == SwapType::Permanent);
    images.append(entry);
  }
  SmpReply reply;
  reply.body[key("images")] = images;
  if (!config_.frugalLists) {
    reply.body[key("splitStatus")] = 0;
  }
  return reply;
}

SmpReply SmpImageGroup::writeState(const QCborMap& body) {
  const bool confirm = body.value(key("confirm")).toBool(false);
  const QCborValue hash = body.value(key("hash"));
  const std::optional<McubootImage> running = bootloader_.image(McubootModel::kPrimary);
  const std::optional<McubootImage> other = bootloader_.image(McubootModel::kSecondary);
  if (!hash.isByteArray() && !confirm) {
    return SmpReply::groupError(kImageInvalidHash, kSmpInvalid);
  }
  const bool isRunning = !hash.isByteArray() || (running && hash.toByteArray() == running->hash);
  if (isRunning) {
    if (!confirm) {
      return SmpReply::groupError(kImageTestOfActiveDenied, kSmpBadState);
    }
    if (deniesConfirm_) {
      return SmpReply::groupError(kImageConfirmationDenied, kSmpUnknown);
    }
    if (!bootloader_.confirm()) {
      return flashFailed(kImageFlashWriteFailed);
    }
    return readState();
  }
  if (!other || hash.toByteArray() != other->hash) {
    return SmpReply::groupError(kImageHashNotFound, kSmpUnknown);
  }
  if (secondaryInUse()) {
    return SmpReply::groupError(kImageAlreadyPending, kSmpBadState);
  }
  if (!bootloader_.setPending(confirm)) {
    return flashFailed(kImageFlashWriteFailed);
  }
  return readState();
}

SmpReply SmpImageGroup::upload(const QCborMap& body) {
  if (faults_.refuseUploads) {
    return SmpReply::error(kSmpAccessDenied);
  }
  const QCborValue offset = body.value(key("off"));
  const QByteArray data = body.value(key("data")).toByteArray();
  if (!offset.isInteger() || offset.toInteger() < 0) {
    return SmpReply::error(kSmpInvalid);
  }
  const qint64 number = body.value(key("image")).toInteger(0);
  const bool isDelta =
      offset.toInteger() == 0 ? config_.deltaImage > 0 && number == config_.deltaImage : delta_.size > 0;
  if (isDelta) {
    return uploadDelta(body, offset.toInteger(), data);
  }
  delta_ = {};
  if (number != 0) {
    return SmpReply::error(kSmpInvalid);
  }
  if (offset.toInteger() == 0) {
    return beginUpload(body, data);
  }
  if (!upload_.active || offset.toInteger() != upload_.offset) {
    // Not what is expected next: the answer says where to go on, 0 when there is no upload (any more).
    SmpReply reply;
    reply.body[key("off")] = upload_.active ? upload_.offset : 0;
    return reply;
  }
  return takeChunk(data);
}

SmpReply SmpImageGroup::beginUpload(const QCborMap& body, const QByteArray& data) {
  const QCborValue length = body.value(key("len"));
  const QByteArray sha = body.value(key("sha")).toByteArray();
  if (!length.isInteger() || length.toInteger() <= 0) {
    return SmpReply::groupError(kImageInvalidLength, kSmpInvalid);
  }
  if (sha.size() > 32) {
    return SmpReply::groupError(kImageInvalidHash, kSmpInvalid);
  }
  if (upload_.active && !sha.isEmpty() && sha == upload_.sha) {
    SmpReply reply;  // "if it matches it will respond … with offset that it should continue with"
    reply.body[key("off")] = upload_.offset;
    return reply;
  }
  if (data.size() < mcuboot::kHeaderBytes) {
    return SmpReply::groupError(kImageInvalidHeader, kSmpInvalid);
  }
  if (ByteReader(data).le32() != mcuboot::kImageMagic) {
    return SmpReply::groupError(kImageInvalidHeaderMagic, kSmpInvalid);
  }
  if (length.toInteger() > bootloader_.imageBytes()) {
    return SmpReply::groupError(kImageTooLarge, kSmpInvalid);
  }
  if (secondaryInUse()) {
    return SmpReply::groupError(kImageNoFreeSlot, kSmpBadState);
  }
  if (body.value(key("upgrade")).toBool(false)) {
    ByteReader reader(data);
    reader.seek(20);
    Version version{reader.u8(), reader.u8(), 0, 0};
    version.revision = reader.le16();
    const std::optional<McubootImage> running = bootloader_.image(McubootModel::kPrimary);
    Version present = running ? running->version : Version{};
    present.build = 0;  // "compares major, minor and revision by default"
    if (version <= present) {
      return SmpReply::groupError(kImageCurrentVersionIsNewer, kSmpBadState);
    }
  }
  upload_ = {};
  if (!(config_.eraseProgressively ? bootloader_.eraseSecondaryTrailer() : bootloader_.eraseSecondary())) {
    return flashFailed(kImageFlashEraseFailed);
  }
  upload_.active = true;
  upload_.sha = sha;
  upload_.size = length.toInteger();
  upload_.erasedTo = config_.eraseProgressively ? 0 : bootloader_.imageBytes();
  return takeChunk(data);
}

SmpReply SmpImageGroup::takeChunk(const QByteArray& data) {
  if (data.size() > upload_.size - upload_.offset) {
    return SmpReply::groupError(kImageDataOverrun, kSmpInvalid);
  }
  const bool last = upload_.offset + data.size() == upload_.size;
  if (!store(data, last)) {
    upload_ = {};
    return flashFailed(kImageFlashWriteFailed);
  }
  upload_.offset += data.size();
  storedBytes_ += data.size();
  SmpReply reply;
  reply.body[key("off")] = upload_.offset;
  if (last) {
    if (!upload_.sha.isEmpty()) {
      const Result<QByteArray> stored = flash_.read(bootloader_.slotBegin(McubootModel::kSecondary), upload_.size);
      reply.body[key("match")] = stored && sha256(*stored) == upload_.sha;
    }
    upload_ = {};
  }
  return reply;
}

// Into RAM, in order, as an image is taken; what is made of it is written when all of it is there.
SmpReply SmpImageGroup::uploadDelta(const QCborMap& body, qint64 offset, const QByteArray& data) {
  if (offset == 0) {
    const qint64 length = body.value(key("len")).toInteger(0);
    const QByteArray sha = body.value(key("sha")).toByteArray();
    if (length <= 0 || length > config_.deltaBytes) {
      return SmpReply::groupError(length <= 0 ? kImageInvalidLength : kImageTooLarge, kSmpInvalid);
    }
    if (secondaryInUse()) {
      return SmpReply::groupError(kImageNoFreeSlot, kSmpBadState);
    }
    if (delta_.size == 0 || sha.isEmpty() || sha != delta_.sha) {
      delta_ = {sha, length, {}};
      upload_ = {};
      madeDigest_.clear();
    }
  }
  if (offset == delta_.bytes.size()) {
    if (data.size() > delta_.size - delta_.bytes.size()) {
      return SmpReply::groupError(kImageDataOverrun, kSmpInvalid);
    }
    delta_.bytes += data;
  }
  SmpReply reply;
  reply.body[key("off")] = delta_.bytes.size();
  return delta_.bytes.size() == delta_.size ? makeFromDelta() : reply;
}

// From the running image, whose file ends where its last TLV does, into the secondary slot as if it were uploaded.
SmpReply SmpImageGroup::makeFromDelta() {
  const Delta delta = std::exchange(delta_, {});
  const std::optional<McubootImage> running = bootloader_.image(McubootModel::kPrimary);
  const Result<qint64> size = deltaResultBytes(delta.bytes);
  if (sha256(delta.bytes) != delta.sha || !running || !size || *size > bootloader_.imageBytes()) {
    return SmpReply::groupError(kImageInvalidHash, kSmpInvalid);
  }
  const Result<QByteArray> base = flash_.read(bootloader_.slotBegin(McubootModel::kPrimary), running->totalSize);
  Result<QByteArray> made = base ? applyDelta(*base, delta.bytes, *size, CancelToken()) : base;
  if (!made || made->isEmpty()) {
    return SmpReply::groupError(kImageInvalidHash, kSmpInvalid);
  }
  if (faults_.spoilDeltas) {
    made->back() = static_cast<char>(made->back() ^ 1);
  }
  const qint64 before = storedBytes_;
  const SmpReply stored =
      upload({{key("image"), 0}, {key("off"), 0}, {key("len"), made->size()}, {key("data"), *made}});
  storedBytes_ = before;  // counts what came over the link
  if (stored.rc != 0 || stored.groupRc != 0 || stored.lost) {
    return stored;
  }
  const Result<QByteArray> written = flash_.read(bootloader_.slotBegin(McubootModel::kSecondary), made->size());
  madeDigest_ = written ? sha256(*written) : QByteArray();
  SmpReply reply;
  reply.body[key("off")] = delta.size;
  reply.body[key("match")] = true;
  return reply;
}

// Whole write units; what is left over waits for the next chunk, and the image's end is padded.
Status SmpImageGroup::store(const QByteArray& data, bool last) {
  const qsizetype at = upload_.offset - upload_.unwritten.size();
  QByteArray bytes = upload_.unwritten + data;
  const qsizetype unit = flash_.geometry().writeSize;
  if (last) {
    bytes.append((unit - bytes.size() % unit) % unit, '\xff');
  }
  const qsizetype whole = bytes.size() / unit * unit;
  const qsizetype slot = bootloader_.slotBegin(McubootModel::kSecondary);
  while (upload_.erasedTo < at + whole) {
    SEALIFT_CHECK(flash_.erase(slot + upload_.erasedTo, flash_.geometry().sectorSize));
    upload_.erasedTo += flash_.geometry().sectorSize;
  }
  if (!faults_.pretendToWrite && whole > 0) {
    SEALIFT_CHECK(flash_.program(slot + at, QByteArrayView(bytes).first(whole)));
  }
  upload_.unwritten = bytes.mid(whole);
  return {};
}

SmpReply SmpImageGroup::eraseSlot(const QCborMap& body) {
  if (body.value(key("slot")).toInteger(1) != McubootModel::kSecondary) {
    return SmpReply::groupError(kImageInvalidSlot, kSmpInvalid);
  }
  if (secondaryInUse()) {
    return SmpReply::groupError(kImageNoFreeSlot, kSmpBadState);
  }
  upload_ = {};
  if (!bootloader_.eraseSecondary()) {
    return flashFailed(kImageFlashEraseFailed);
  }
  return {};
}

SmpReply SmpImageGroup::slotInfo() const {
  QCborArray slotList;
  for (const int slot : {McubootModel::kPrimary, McubootModel::kSecondary}) {
    QCborMap entry;
    entry[key("slot")] = slot;
    entry[key("size")] = bootloader_.slotBegin(McubootModel::kSecondary);
    slotList.append(entry);
  }
  QCborMap image;
  image[key("image")] = 0;
  image[key("slots")] = slotList;
  image[key("max_image_size")] = bootloader_.imageBytes();
  SmpReply reply;
  reply.body[key("images")] = QCborArray{image};
  return reply;
}

}  // namespace sealift
