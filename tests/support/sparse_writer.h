// Writes Android sparse images chunk by chunk, also wrong ones. Written from AOSP's sparse_format.h, apart from
// devices/images.
#pragma once

#include "app/base/crc.h"

#include <QByteArray>
#include <QtEndian>

namespace sealift::test {

class SparseWriter {
 public:
  static constexpr quint32 kBlock = 4096;

  SparseWriter& raw(const QByteArray& bytes) {
    return chunk(0xCAC1, static_cast<quint32>(bytes.size() / kBlock), bytes);
  }
  SparseWriter& fill(quint32 blocks, const QByteArray& word) { return chunk(0xCAC2, blocks, word); }
  SparseWriter& dontCare(quint32 blocks) { return chunk(0xCAC3, blocks, {}); }
  SparseWriter& crc(quint32 value) { return chunk(0xCAC4, 0, le32(value)); }
  SparseWriter& chunk(quint16 type, quint32 blocks, const QByteArray& data) {
    return chunkOfSize(type, blocks, data, static_cast<quint32>(12 + data.size()));
  }
  // Any size may be announced.
  SparseWriter& chunkOfSize(quint16 type, quint32 blocks, const QByteArray& data, quint32 totalSize) {
    body_ += le16(type) + le16(0) + le32(blocks) + le32(totalSize) + data;
    totalBlocks += blocks;
    ++totalChunks;
    return *this;
  }

  QByteArray bytes() const {
    return le32(magic) + le16(major) + le16(0) + le16(headerSize) + le16(chunkHeaderSize) + le32(blockSize) +
           le32(totalBlocks) + le32(totalChunks) + le32(checksum) + body_;
  }

  // As they are written; the counts follow the chunks unless set afterwards.
  quint32 magic = 0xED26FF3A;
  quint16 major = 1;
  quint16 headerSize = 28;
  quint16 chunkHeaderSize = 12;
  quint32 blockSize = kBlock;
  quint32 totalBlocks = 0;
  quint32 totalChunks = 0;
  quint32 checksum = 0;

 private:
  static QByteArray le16(quint16 value) {
    QByteArray bytes(2, '\0');
    qToLittleEndian(value, bytes.data());
    return bytes;
  }
  static QByteArray le32(quint32 value) {
    QByteArray bytes(4, '\0');
    qToLittleEndian(value, bytes.data());
    return bytes;
  }

  QByteArray body_;
};

}  // namespace sealift::test
