#include "devices/images/delta/packed_stream.h"

#include <algorithm>
#include <bit>
#include <bzlib.h>
#include <limits>
#include <lzma.h>
#include <utility>
#include <zstd.h>

namespace sealift {
namespace {

constexpr int kVarintBytes = 9;
constexpr int kZstdLevel = 19;
constexpr int kBzip2Block = 9;  // times 100,000 bytes
constexpr quint32 kLzmaPreset = 9 | LZMA_PRESET_EXTREME;
constexpr std::uint64_t kMostDictionary = 64ULL * 1024 * 1024;

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::ImageMalformed, QStringLiteral("The delta is damaged."));
}

std::size_t size(QByteArrayView bytes) {
  return static_cast<std::size_t>(bytes.size());
}

// Both sides know it from the raw length.
std::uint32_t dictionarySize(qint64 rawBytes) {
  const auto wanted = std::bit_ceil(static_cast<std::uint64_t>(std::max<qint64>(rawBytes, LZMA_DICT_SIZE_MIN)));
  return static_cast<std::uint32_t>(std::min(wanted, kMostDictionary));
}

lzma_options_lzma lzmaOptions(qint64 rawBytes) {
  lzma_options_lzma options{};
  lzma_lzma_preset(&options, kLzmaPreset);
  options.dict_size = dictionarySize(rawBytes);
  return options;
}

// ---- packing: empty when the codec can't ----------------------------------------------------------------

QByteArray packBzip2(QByteArrayView raw) {
  if (raw.size() > std::numeric_limits<int>::max() / 2) {
    return {};
  }
  QByteArray packed(raw.size() + raw.size() / 50 + 700, Qt::Uninitialized);  // bzip2's manual: 1 % and 600 bytes
  auto length = static_cast<unsigned int>(packed.size());
  QByteArray source = raw.toByteArray();  // bzip2 wants it writable
  if (BZ2_bzBuffToBuffCompress(packed.data(), &length, source.data(), static_cast<unsigned int>(raw.size()),
                               kBzip2Block, 0, 0) != BZ_OK) {
    return {};
  }
  return packed.first(static_cast<qsizetype>(length));
}

QByteArray packLzma(QByteArrayView raw) {
  lzma_options_lzma options = lzmaOptions(raw.size());
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  QByteArray packed(raw.size() + raw.size() / 100 + 1024, Qt::Uninitialized);
  std::size_t length = 0;
  if (lzma_raw_buffer_encode(filters, nullptr, reinterpret_cast<const std::uint8_t*>(raw.data()), size(raw),
                             reinterpret_cast<std::uint8_t*>(packed.data()), &length, size(packed)) != LZMA_OK) {
    return {};
  }
  return packed.first(static_cast<qsizetype>(length));
}

QByteArray packZstd(QByteArrayView raw) {
  QByteArray packed(static_cast<qsizetype>(ZSTD_compressBound(size(raw))), Qt::Uninitialized);
  const std::size_t length = ZSTD_compress(packed.data(), size(packed), raw.data(), size(raw), kZstdLevel);
  return ZSTD_isError(length) != 0 ? QByteArray() : packed.first(static_cast<qsizetype>(length));
}

}  // namespace

// ---- numbers --------------------------------------------------------------------------------------------

void appendVarint(QByteArray& bytes, quint64 value) {
  while (value >= 0x80) {
    bytes.append(static_cast<char>(value & 0x7FU) | static_cast<char>(0x80));
    value >>= 7;
  }
  bytes.append(static_cast<char>(value));
}

quint64 takeVarint(ByteReader& reader) {
  quint64 value = 0;
  for (int i = 0; i < kVarintBytes; ++i) {
    const quint8 byte = reader.u8();
    value |= static_cast<quint64>(byte & 0x7FU) << (7 * i);
    if ((byte & 0x80U) == 0) {
      return value;
    }
  }
  reader.skip(-1);  // sets failed()
  return 0;
}

QByteArray packStream(QByteArrayView raw) {
  char codec = '0';
  QByteArray best = raw.toByteArray();
  for (const auto& [name, packed] :
       {std::pair('b', packBzip2(raw)), std::pair('x', packLzma(raw)), std::pair('z', packZstd(raw))}) {
    if (!packed.isEmpty() && packed.size() < best.size()) {
      codec = name;
      best = packed;
    }
  }
  QByteArray stream(1, codec);
  appendVarint(stream, static_cast<quint64>(raw.size()));
  appendVarint(stream, static_cast<quint64>(best.size()));
  return stream + best;
}

// ---- unpacking ------------------------------------------------------------------------------------------

class PackedStreamReader::Decoder {
 public:
  virtual ~Decoder() = default;
  // Some bytes, at most `most`; 0: there will be no more. Below 0: damaged.
  virtual qsizetype next(char* to, qsizetype most) = 0;
};

namespace {

class PlainDecoder final : public PackedStreamReader::Decoder {
 public:
  explicit PlainDecoder(QByteArrayView bytes) : bytes_(bytes) {}
  qsizetype next(char* to, qsizetype most) override {
    const qsizetype count = std::min(most, bytes_.size());
    std::copy_n(bytes_.data(), count, to);
    bytes_ = bytes_.sliced(count);
    return count;
  }

 private:
  QByteArrayView bytes_;
};

class Bzip2Decoder final : public PackedStreamReader::Decoder {
 public:
  explicit Bzip2Decoder(QByteArrayView bytes) : bytes_(bytes.toByteArray()) {
    ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
    stream_.next_in = bytes_.data();
    stream_.avail_in = static_cast<unsigned int>(bytes_.size());
  }
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;
  qsizetype next(char* to, qsizetype most) override {
    if (!ready_ || ended_) {
      return ready_ ? 0 : -1;
    }
    stream_.next_out = to;
    stream_.avail_out = static_cast<unsigned int>(most);
    const int answer = BZ2_bzDecompress(&stream_);
    ended_ = answer == BZ_STREAM_END;
    return ended_ || answer == BZ_OK ? most - static_cast<qsizetype>(stream_.avail_out) : -1;
  }

 private:
  QByteArray bytes_;  // bzip2 wants it writable
  bz_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
};

class LzmaDecoder final : public PackedStreamReader::Decoder {
 public:
  LzmaDecoder(QByteArrayView bytes, qint64 rawBytes) : options_(lzmaOptions(rawBytes)) {
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options_}, {LZMA_VLI_UNKNOWN, nullptr}};
    ready_ = lzma_raw_decoder(&stream_, filters) == LZMA_OK;
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    stream_.avail_in = size(bytes);
  }
  ~LzmaDecoder() override { lzma_end(&stream_); }
  LzmaDecoder(const LzmaDecoder&) = delete;
  LzmaDecoder& operator=(const LzmaDecoder&) = delete;
  qsizetype next(char* to, qsizetype most) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(to);
    stream_.avail_out = static_cast<std::size_t>(most);
    const lzma_ret answer = ready_ ? lzma_code(&stream_, LZMA_RUN) : LZMA_PROG_ERROR;
    const auto count = most - static_cast<qsizetype>(stream_.avail_out);
    return answer == LZMA_OK || answer == LZMA_STREAM_END || (answer == LZMA_BUF_ERROR && count > 0) ? count : -1;
  }

 private:
  lzma_options_lzma options_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

class ZstdDecoder final : public PackedStreamReader::Decoder {
 public:
  ZstdDecoder(QByteArrayView bytes, qint64 rawBytes) : in_{bytes.data(), size(bytes), 0} {
    const auto wanted = static_cast<std::uint64_t>(std::max<qint64>(rawBytes, 1));
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                           std::clamp(static_cast<int>(std::bit_width(wanted)), 20, 27));
  }
  qsizetype next(char* to, qsizetype most) override {
    ZSTD_outBuffer out{to, static_cast<std::size_t>(most), 0};
    const std::size_t answer = context_ ? ZSTD_decompressStream(context_.get(), &out, &in_) : 0;
    return !context_ || ZSTD_isError(answer) != 0 ? -1 : static_cast<qsizetype>(out.pos);
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
  ZSTD_inBuffer in_;
};

}  // namespace

PackedStreamReader::PackedStreamReader(std::unique_ptr<Decoder> decoder, qint64 rawBytes)
    : decoder_(std::move(decoder)), left_(rawBytes) {}
PackedStreamReader::PackedStreamReader(PackedStreamReader&&) noexcept = default;
PackedStreamReader& PackedStreamReader::operator=(PackedStreamReader&&) noexcept = default;
PackedStreamReader::~PackedStreamReader() = default;

Result<PackedStreamReader> PackedStreamReader::open(ByteReader& reader, qint64 mostBytes) {
  const char codec = static_cast<char>(reader.u8());
  const quint64 rawBytes = takeVarint(reader);
  const QByteArrayView packed = reader.take(static_cast<qsizetype>(takeVarint(reader)));
  if (reader.failed() || rawBytes > static_cast<quint64>(std::max<qint64>(mostBytes, 0))) {
    return damaged();
  }
  const auto raw = static_cast<qint64>(rawBytes);
  std::unique_ptr<Decoder> decoder;
  if (codec == '0') {
    decoder = std::make_unique<PlainDecoder>(packed);
  } else if (codec == 'b') {
    decoder = std::make_unique<Bzip2Decoder>(packed);
  } else if (codec == 'x') {
    decoder = std::make_unique<LzmaDecoder>(packed, raw);
  } else if (codec == 'z') {
    decoder = std::make_unique<ZstdDecoder>(packed, raw);
  } else {
    return damaged();
  }
  return PackedStreamReader(std::move(decoder), raw);
}

Result<quint64> PackedStreamReader::readVarint() {
  quint64 value = 0;
  for (int i = 0; i < kVarintBytes; ++i) {
    char byte = 0;
    SEALIFT_CHECK(read(&byte, 1));
    value |= static_cast<quint64>(static_cast<quint8>(byte) & 0x7FU) << (7 * i);
    if ((static_cast<quint8>(byte) & 0x80U) == 0) {
      return value;
    }
  }
  return damaged();
}

Status PackedStreamReader::read(char* to, qsizetype count) {
  if (count > left_) {
    return damaged();
  }
  left_ -= count;
  while (count > 0) {
    const qsizetype came = decoder_->next(to, count);
    if (came <= 0) {
      return damaged();
    }
    to += came;
    count -= came;
  }
  return {};
}

}  // namespace sealift
