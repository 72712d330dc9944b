// Bounds-checked reads from hostile bytes. A read past the end sets failed() and
// gives zero; nothing is ever read outside the view. No packed structs, no casts.
#pragma once

#include <QByteArrayView>

#include <cstdint>

namespace sealift {

class ByteReader {
 public:
  explicit ByteReader(QByteArrayView bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::uint16_t le16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t le32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t le64() { return little(8); }
  std::uint16_t be16() { return static_cast<std::uint16_t>(big(2)); }
  std::uint32_t be32() { return static_cast<std::uint32_t>(big(4)); }
  std::uint64_t be64() { return big(8); }

  // The next `count` bytes, or an empty view (and failed()) when there are fewer.
  QByteArrayView take(qsizetype count) {
    if (count < 0 || count > remaining()) {
      failed_ = true;
      return {};
    }
    const QByteArrayView view = bytes_.sliced(at_, count);
    at_ += count;
    return view;
  }
  void skip(qsizetype count) { (void)take(count); }
  bool seek(qsizetype at) {
    if (at < 0 || at > bytes_.size()) {
      failed_ = true;
      return false;
    }
    at_ = at;
    return true;
  }

  qsizetype position() const { return at_; }
  qsizetype remaining() const { return bytes_.size() - at_; }
  bool failed() const { return failed_; }

 private:
  std::uint64_t little(int count) {
    const QByteArrayView view = take(count);
    std::uint64_t value = 0;
    for (qsizetype i = view.size(); i-- > 0;) {
      value = (value << 8) | static_cast<std::uint8_t>(view[i]);
    }
    return value;
  }
  std::uint64_t big(int count) {
    const QByteArrayView view = take(count);
    std::uint64_t value = 0;
    for (const char c : view) {
      value = (value << 8) | static_cast<std::uint8_t>(c);
    }
    return value;
  }

  QByteArrayView bytes_;
  qsizetype at_ = 0;
  bool failed_ = false;
};

}  // namespace sealift
