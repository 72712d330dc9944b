// What the fuzz targets share. A target breaks off when something holds that must never hold: libFuzzer and the replay
// take that for a finding, as they take a sanitizer's report.
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QFile>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// libFuzzer's entry: https://llvm.org/docs/LibFuzzer.html
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace sealift::fuzz {

inline QByteArray toBytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), static_cast<qsizetype>(size)};
}

inline void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "Broken: %s\n", what);
    std::abort();
  }
}

// Cuts the next piece off: a byte tells its length, and the piece may be shorter.
inline QByteArray takePiece(QByteArrayView& input) {
  if (input.isEmpty()) {
    return {};
  }
  const qsizetype size = std::min<qsizetype>(static_cast<quint8>(input.front()), input.size() - 1);
  const QByteArray piece = input.sliced(1).first(size).toByteArray();
  input = input.sliced(1 + size);
  return piece;
}

// A file of tests/data; breaks off without it.
inline QByteArray testData(const char* name) {
  QFile file(QStringLiteral(SEALIFT_TEST_DATA "/") + QString::fromLatin1(name));
  require(file.open(QIODevice::ReadOnly), name);
  return file.readAll();
}

}  // namespace sealift::fuzz
