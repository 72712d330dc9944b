#include "transports/protocols/smp/smp_cbor.h"

#include <QCborArray>
#include <QCborStreamReader>
#include <QCborValue>

#include <limits>

namespace sealift {

namespace {

tl::unexpected<Error> malformed(const QString& why) {
  return fail(ErrorCode::ProtocolMalformed, QStringLiteral("An SMP body can't be read: %1.").arg(why));
}

// A recursive reader; kSmpMaxDepth bounds the recursion, kSmpMaxItems the work and the memory.
class BodyReader {
 public:
  explicit BodyReader(const QByteArray& cbor) : reader_(cbor), size_(cbor.size()) {}

  Result<QCborMap> read() {
    if (!reader_.isMap()) {
      return malformed(QStringLiteral("it is not a CBOR map"));
    }
    SEALIFT_TRY(const QCborValue value, readValue(0));
    if (reader_.currentOffset() != size_) {
      return malformed(QStringLiteral("bytes follow the CBOR map"));
    }
    return value.toMap();
  }

 private:
  Result<QCborValue> readValue(int depth) {
    if (++items_ > kSmpMaxItems) {
      return malformed(QStringLiteral("it has more than %1 items").arg(kSmpMaxItems));
    }
    switch (reader_.type()) {
      case QCborStreamReader::UnsignedInteger:
      case QCborStreamReader::NegativeInteger:
        return readInteger();
      case QCborStreamReader::ByteArray:
        return readBytes();
      case QCborStreamReader::String:
        return readText();
      case QCborStreamReader::Array:
      case QCborStreamReader::Map:
        return readContainer(depth);
      case QCborStreamReader::Tag:
        return readTagged(depth);
      case QCborStreamReader::SimpleType:
        return advance(QCborValue(reader_.toSimpleType()));
      case QCborStreamReader::Float:
        return advance(QCborValue(static_cast<double>(reader_.toFloat())));
      case QCborStreamReader::Double:
        return advance(QCborValue(reader_.toDouble()));
      case QCborStreamReader::Float16:
        return advance(QCborValue(static_cast<double>(static_cast<float>(reader_.toFloat16()))));
      case QCborStreamReader::Invalid:
        break;
    }
    return malformed(QStringLiteral("it is cut short or not CBOR"));
  }

  Result<QCborValue> advance(const QCborValue& value) {
    if (!reader_.next()) {
      return malformed(QStringLiteral("it is cut short or not CBOR"));
    }
    return value;
  }

  Result<QCborValue> readInteger() {
    // Outside of qint64 lies nothing that SMP has a use for; kept as a double it is of no integer field's type.
    if (reader_.isUnsignedInteger()) {
      const quint64 value = reader_.toUnsignedInteger();
      return advance(value > static_cast<quint64>(std::numeric_limits<qint64>::max())
                         ? QCborValue(static_cast<double>(value))
                         : QCborValue(static_cast<qint64>(value)));
    }
    // A negative integer is -1 - n; QCborNegativeInteger holds n + 1, 0 meaning 2^64.
    const quint64 magnitude = static_cast<quint64>(reader_.toNegativeInteger());
    if (magnitude == 0 || magnitude > static_cast<quint64>(std::numeric_limits<qint64>::max())) {
      return advance(QCborValue(-static_cast<double>(magnitude)));
    }
    return advance(QCborValue(-static_cast<qint64>(magnitude)));
  }

  // The length a string claims never sizes an allocation: it is first held against what there is.
  Result<bool> chunkFits(int chunks) {
    const qsizetype claimed = reader_.currentStringChunkSize();
    if (claimed > size_ || chunks > kSmpMaxChunks) {
      return malformed(QStringLiteral("a string is longer than the packet"));
    }
    return true;
  }

  Result<QCborValue> readBytes() {
    QByteArray whole;
    for (int chunks = 0;; ++chunks) {
      SEALIFT_CHECK(chunkFits(chunks));
      const auto piece = reader_.readByteArray();
      if (piece.status == QCborStreamReader::EndOfString) {
        return QCborValue(whole);
      }
      if (piece.status == QCborStreamReader::Error) {
        return malformed(QStringLiteral("a byte string is cut short"));
      }
      whole += piece.data;
    }
  }

  Result<QCborValue> readText() {
    QString whole;
    for (int chunks = 0;; ++chunks) {
      SEALIFT_CHECK(chunkFits(chunks));
      const auto piece = reader_.readString();
      if (piece.status == QCborStreamReader::EndOfString) {
        return QCborValue(whole);
      }
      if (piece.status == QCborStreamReader::Error) {
        return malformed(QStringLiteral("a text is cut short or not UTF-8"));
      }
      whole += piece.data;
    }
  }

  Result<QCborValue> readTagged(int depth) {
    if (depth + 1 > kSmpMaxDepth) {
      return malformed(QStringLiteral("it is nested more than %1 deep").arg(kSmpMaxDepth));
    }
    SEALIFT_CHECK(advance({}));  // no SMP body has tags; the tagged value stands for itself
    return readValue(depth + 1);
  }

  Result<QCborValue> readContainer(int depth) {
    if (depth + 1 > kSmpMaxDepth) {
      return malformed(QStringLiteral("it is nested more than %1 deep").arg(kSmpMaxDepth));
    }
    const bool isMap = reader_.isMap();
    if (!reader_.enterContainer()) {
      return malformed(QStringLiteral("a container is cut short"));
    }
    QCborArray array;
    QCborMap map;
    while (reader_.lastError() == QCborError::NoError && reader_.hasNext()) {
      SEALIFT_TRY(const QCborValue first, readValue(depth + 1));
      if (!isMap) {
        array.append(first);
        continue;
      }
      if (!reader_.hasNext()) {
        return malformed(QStringLiteral("a map has a key without a value"));
      }
      SEALIFT_TRY(const QCborValue second, readValue(depth + 1));
      if (!map.contains(first)) {
        map.insert(first, second);
      }
    }
    if (reader_.lastError() != QCborError::NoError || !reader_.leaveContainer()) {
      return malformed(QStringLiteral("a container is cut short"));
    }
    return isMap ? QCborValue(map) : QCborValue(array);
  }

  QCborStreamReader reader_;
  qsizetype size_;
  int items_ = 0;
};

}  // namespace

Result<QCborMap> decodeSmpBody(QByteArrayView cbor) {
  if (cbor.isEmpty()) {
    return QCborMap();
  }
  const QByteArray bytes = cbor.toByteArray();
  return BodyReader(bytes).read();
}

std::optional<qint64> smpInteger(const QCborMap& map, QLatin1String key) {
  const QCborValue value = map.value(key);
  return value.isInteger() ? std::optional(value.toInteger()) : std::nullopt;
}

std::optional<QString> smpText(const QCborMap& map, QLatin1String key) {
  const QCborValue value = map.value(key);
  return value.isString() ? std::optional(value.toString()) : std::nullopt;
}

std::optional<QByteArray> smpBytes(const QCborMap& map, QLatin1String key) {
  const QCborValue value = map.value(key);
  return value.isByteArray() ? std::optional(value.toByteArray()) : std::nullopt;
}

bool smpFlag(const QCborMap& map, QLatin1String key) {
  return map.value(key).isTrue();
}

}  // namespace sealift
