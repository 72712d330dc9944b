// Bytes that must not stay in memory: zeroed when they go out of scope, never copied by accident.
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <vector>

namespace sealift {

// Overwrites with zeros in a way that the compiler does not remove.
void zeroize(void* bytes, std::size_t size);
// The same for a buffer that nobody else shares (a shared one is left to its other owners), then empties it.
void zeroize(QByteArray& bytes);

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  explicit SecretBytes(QByteArrayView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  // Valid as long as this object; must not be kept.
  QByteArrayView view() const { return {bytes_.data(), static_cast<qsizetype>(bytes_.size())}; }
  char* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  bool isEmpty() const { return bytes_.empty(); }

 private:
  std::vector<char> bytes_;
};

}  // namespace sealift
