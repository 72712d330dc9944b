// HTTP/1.1 messages (RFC 9110, RFC 9112), as far as a client of one device needs them. Everything that is read is
// hostile.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>
#include <utility>

namespace sealift {

inline constexpr qsizetype kHttpHeadMaxBytes = 32 * 1024;

struct HttpResponseHead {
  int status = 0;
  QByteArray reason;                                 // as the device put it; may be empty
  QList<std::pair<QByteArray, QByteArray>> headers;  // names in lower case

  QList<QByteArray> values(QByteArrayView name) const;  // of all fields of this name
  QByteArray value(QByteArrayView name) const;          // of the first one
};

// The bytes before the empty line, without it (RFC 9112, 3 and 5). Errors: ProtocolMalformed.
Result<HttpResponseHead> parseHttpHead(QByteArrayView bytes);

// Where a message's body ends (RFC 9112, 6.3).
struct HttpFraming {
  bool isChunked = false;
  std::optional<qint64> length;  // nothing, and not chunked: it ends with the connection
};
// Errors: ProtocolMalformed (lengths that contradict one another, other transfer codings than "chunked").
Result<HttpFraming> httpFraming(const HttpResponseHead& head, QByteArrayView requestMethod);

// Takes the chunked coding apart (RFC 9112, 7.1) as bytes come in.
class ChunkedDecoder {
 public:
  // Content that came so far with these bytes; ends with what is no chunk (ProtocolMalformed).
  Result<QByteArray> add(QByteArrayView bytes);
  bool isFinished() const { return state_ == State::Finished; }

 private:
  enum class State { Size, Data, DataEnd, Trailer, Finished };
  Status takeLine();

  State state_ = State::Size;
  QByteArray line_;
  qint64 left_ = 0;
};

}  // namespace sealift
