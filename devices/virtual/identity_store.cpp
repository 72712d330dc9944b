#include "devices/virtual/identity_store.h"

#include "app/base/byte_reader.h"
#include "keystore/crypto/digest.h"

#include <QCborMap>
#include <QCborValue>

namespace sealift {

namespace {

// Header: magic, sequence, length (each 32 bits, little endian), 4 bytes of zero, SHA-256 of sequence, length and
// content. 48 bytes, which is a multiple of every write size.
constexpr quint32 kMagic = 0x44494c53;  // "SLID"
constexpr qsizetype kHeaderBytes = 48;
constexpr qsizetype kWriteUnit = 8;

void appendLe32(QByteArray& bytes, quint32 value) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.append(static_cast<char>((value >> shift) & 0xff));
  }
}

QByteArray digestOf(quint32 sequence, const QByteArray& content) {
  QByteArray bytes;
  appendLe32(bytes, sequence);
  appendLe32(bytes, static_cast<quint32>(content.size()));
  return sha256(bytes + content);
}

QByteArray encode(const IdentityRecord& record) {
  return QCborMap{{QStringLiteral("key"), record.keyPem},
                  {QStringLiteral("cert"), record.certificate},
                  {QStringLiteral("serial"), record.serial},
                  {QStringLiteral("lock"), record.locked}}
      .toCborValue()
      .toCbor();
}

IdentityRecord decode(const QByteArray& content) {
  const QCborMap map = QCborValue::fromCbor(content).toMap();
  return {map.value(QStringLiteral("key")).toByteArray(), map.value(QStringLiteral("cert")).toByteArray(),
          map.value(QStringLiteral("serial")).toByteArray(), map.value(QStringLiteral("lock")).toBool()};
}

struct Found {
  quint32 sequence = 0;
  QByteArray content;
};

std::optional<Found> find(const QByteArray& area) {
  ByteReader reader(area);
  const quint32 magic = reader.le32();
  const quint32 sequence = reader.le32();
  const quint32 length = reader.le32();
  reader.skip(4);
  const QByteArrayView digest = reader.take(32);
  const QByteArray content = reader.take(static_cast<qsizetype>(length)).toByteArray();
  if (reader.failed() || magic != kMagic || digest != digestOf(sequence, content)) {
    return std::nullopt;
  }
  return Found{sequence, content};
}

}  // namespace

qsizetype IdentityStore::flashSize(qsizetype sectorSize) {
  return 2 * ((kAreaBytes + sectorSize - 1) / sectorSize) * sectorSize;
}

Status IdentityStore::eraseUnlessBlank(int area) {
  SEALIFT_TRY(const QByteArray bytes, flash_->read(areaBegin(area), areaSize()));
  return bytes.count('\xff') == bytes.size() ? Status() : flash_->erase(areaBegin(area), areaSize());
}

Status IdentityStore::load() {
  record_ = {};
  sequence_ = 0;
  current_ = -1;
  for (const int area : {0, 1}) {
    SEALIFT_TRY(const QByteArray bytes, flash_->read(areaBegin(area), areaSize()));
    const std::optional<Found> found = find(bytes);
    if (found && (current_ < 0 || found->sequence > sequence_)) {
      record_ = decode(found->content);
      sequence_ = found->sequence;
      current_ = area;
    }
  }
  for (const int area : {0, 1}) {
    if (area != current_) {
      SEALIFT_CHECK(eraseUnlessBlank(area));
    }
  }
  return {};
}

Status IdentityStore::save(const IdentityRecord& record) {
  const int next = current_ == 0 ? 1 : 0;
  const QByteArray content = encode(record);
  if (content.size() > areaSize() - kHeaderBytes) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The identity does not fit the device's storage."));
  }
  QByteArray padded = content;
  padded.append((kWriteUnit - padded.size() % kWriteUnit) % kWriteUnit, '\xff');
  QByteArray header;
  appendLe32(header, kMagic);
  appendLe32(header, sequence_ + 1);
  appendLe32(header, static_cast<quint32>(content.size()));
  appendLe32(header, 0);
  header += digestOf(sequence_ + 1, content);
  SEALIFT_CHECK(eraseUnlessBlank(next));
  SEALIFT_CHECK(flash_->program(areaBegin(next) + kHeaderBytes, padded));
  SEALIFT_CHECK(flash_->program(areaBegin(next), header));
  // From here on the new record holds; the old one must not be read back by anyone.
  const int old = current_;
  record_ = record;
  ++sequence_;
  current_ = next;
  return old < 0 ? Status() : eraseUnlessBlank(old);
}

}  // namespace sealift
