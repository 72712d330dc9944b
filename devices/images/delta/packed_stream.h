// One stream of a delta, packed by whichever codec makes it smallest: none, bzip2, LZMA2 (raw) or Zstandard.
//
//   codec '0', 'b', 'x', 'z' · raw length · packed length (both as varints) · packed bytes
#pragma once

#include "app/base/byte_reader.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <memory>

namespace sealift {

// LEB128, at most nine bytes: 63 bits.
void appendVarint(QByteArray& bytes, quint64 value);
quint64 takeVarint(ByteReader& reader);  // sets failed() on more than 63 bits

// The stream with its head.
QByteArray packStream(QByteArrayView raw);

// Unpacks piece by piece; never holds more than a piece and the codec's window, which is no larger than the raw length.
class PackedStreamReader {
 public:
  // Takes one stream off `reader`; `mostBytes` bounds its raw length. Errors: ImageMalformed.
  static Result<PackedStreamReader> open(ByteReader& reader, qint64 mostBytes);
  PackedStreamReader(PackedStreamReader&&) noexcept;
  PackedStreamReader& operator=(PackedStreamReader&&) noexcept;
  ~PackedStreamReader();

  qint64 rawLeft() const { return left_; }
  // Exactly `count` bytes to `to`. ImageMalformed when there are fewer, or the packed bytes are damaged.
  Status read(char* to, qsizetype count);
  Result<quint64> readVarint();

  class Decoder;

 private:
  PackedStreamReader(std::unique_ptr<Decoder> decoder, qint64 rawBytes);

  std::unique_ptr<Decoder> decoder_;
  qint64 left_ = 0;
};

}  // namespace sealift
