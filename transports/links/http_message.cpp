#include "transports/links/http_message.h"

#include <algorithm>
#include <cstring>

namespace sealift {
namespace {

constexpr qsizetype kMaxHeaders = 100;
constexpr qsizetype kMaxChunkLine = 1024;
constexpr int kMaxChunkDigits = 8;

tl::unexpected<Error> malformed(const char* what) {
  return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The device's HTTP answer %1.").arg(QLatin1String(what)));
}

// RFC 9110, 5.6.2.
bool isToken(QByteArrayView text) {
  return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
  });
}

bool isDigits(QByteArrayView text) {
  return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

QList<QByteArray> HttpResponseHead::values(QByteArrayView name) const {
  QList<QByteArray> found;
  for (const auto& [key, value] : headers) {
    if (key == name) {
      found << value;
    }
  }
  return found;
}

QByteArray HttpResponseHead::value(QByteArrayView name) const {
  const QList<QByteArray> all = values(name);
  return all.isEmpty() ? QByteArray() : all.constFirst();
}

Result<HttpResponseHead> parseHttpHead(QByteArrayView bytes) {
  if (bytes.size() > kHttpHeadMaxBytes) {
    return malformed("has a head without end");
  }
  QList<QByteArray> lines = bytes.toByteArray().split('\n');  // 2.2: a single LF is taken as a line's end, too
  for (QByteArray& line : lines) {
    if (line.endsWith('\r')) {
      line.chop(1);
    }
  }
  // status-line = HTTP-version SP status-code SP [ reason-phrase ]
  const QByteArray first = lines.takeFirst();
  const QByteArray code = first.mid(9, 3);
  if (!first.startsWith("HTTP/1.") || first.size() < 12 || first[8] != ' ' || !isDigits(code) ||
      (first.size() > 12 && first[12] != ' ')) {
    return malformed("does not begin as one");
  }
  HttpResponseHead head;
  head.status = code.toInt();
  head.reason = first.mid(13);
  if (head.status < 100 || head.status > 599) {
    return malformed("has a status that does not exist");
  }
  for (const QByteArray& line : std::as_const(lines)) {
    if (line.isEmpty()) {
      continue;
    }
    const qsizetype colon = line.indexOf(':');
    if (colon < 0 || !isToken(QByteArrayView(line).first(colon))) {
      return malformed("has a damaged field");
    }
    if (head.headers.size() >= kMaxHeaders) {
      return malformed("has too many fields");
    }
    head.headers.append({line.first(colon).toLower(), line.mid(colon + 1).trimmed()});
  }
  return head;
}

Result<HttpFraming> httpFraming(const HttpResponseHead& head, QByteArrayView requestMethod) {
  if (requestMethod == QByteArrayView("HEAD") || head.status / 100 == 1 || head.status == 204 || head.status == 304) {
    return HttpFraming{false, 0};
  }
  HttpFraming framing;
  const QList<QByteArray> codings = head.values("transfer-encoding");
  const QList<QByteArray> lengths = head.values("content-length");
  if (!codings.isEmpty()) {
    if (codings.size() > 1 || codings.constFirst().toLower() != "chunked" || !lengths.isEmpty()) {
      return malformed("says in an unknown way how long it is");
    }
    framing.isChunked = true;
    return framing;
  }
  for (const QByteArray& length : lengths) {
    bool ok = isDigits(length);
    const qint64 number = ok ? length.toLongLong(&ok) : 0;
    if (!ok || (framing.length && *framing.length != number)) {
      return malformed("contradicts itself about its length");
    }
    framing.length = number;
  }
  return framing;
}

Status ChunkedDecoder::takeLine() {
  switch (state_) {
    case State::Size: {
      const QByteArray digits =
          line_.first(std::max<qsizetype>(0, line_.indexOf(';') < 0 ? line_.size() : line_.indexOf(';'))).trimmed();
      bool ok = !digits.isEmpty() && digits.size() <= kMaxChunkDigits && digits[0] != '-' && digits[0] != '+';
      left_ = ok ? digits.toLongLong(&ok, 16) : 0;
      if (!ok) {
        return malformed("has a damaged chunk");
      }
      state_ = left_ > 0 ? State::Data : State::Trailer;
      break;
    }
    case State::DataEnd:
      if (!line_.isEmpty()) {
        return malformed("has a chunk longer than it says");
      }
      state_ = State::Size;
      break;
    case State::Trailer:
      state_ = line_.isEmpty() ? State::Finished : State::Trailer;
      break;
    case State::Data:
    case State::Finished:
      break;
  }
  line_.clear();
  return {};
}

Result<QByteArray> ChunkedDecoder::add(QByteArrayView bytes) {
  QByteArray content;
  while (!bytes.isEmpty() && state_ != State::Finished) {
    if (state_ == State::Data) {
      const qsizetype count = std::min<qsizetype>(left_, bytes.size());
      content.append(bytes.first(count));
      bytes = bytes.sliced(count);
      left_ -= count;
      state_ = left_ > 0 ? State::Data : State::DataEnd;
      continue;
    }
    const char c = bytes.front();
    bytes = bytes.sliced(1);
    if (c != '\n') {
      line_.append(c);
      if (line_.size() > kMaxChunkLine) {
        return malformed("has a chunk without size");
      }
      continue;
    }
    if (line_.endsWith('\r')) {
      line_.chop(1);
    }
    SEALIFT_CHECK(takeLine());
  }
  return content;
}

}  // namespace sealift
