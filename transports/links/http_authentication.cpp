#include "transports/links/http_authentication.h"

#include <QCryptographicHash>
#include <QMap>

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxParameters = 20;
constexpr qsizetype kMaxValue = 1024;

bool isTokenChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '+' || c == '/' || c == '=' || c == '~' || c == '!' || c == '$' || c == '&' || c == '\'' ||
         c == '*' || c == '|' || c == '^' || c == '`' || c == '%' || c == '#';
}

// auth-param = token "=" ( token / quoted-string ), separated by commas (RFC 9110, 11.2).
std::optional<QMap<QByteArray, QByteArray>> parameters(QByteArrayView text) {
  QMap<QByteArray, QByteArray> read;
  qsizetype at = 0;
  const auto skip = [&](auto matches) {
    while (at < text.size() && matches(text[at])) {
      ++at;
    }
  };
  const auto isSeparator = [](char c) { return c == ' ' || c == '\t' || c == ','; };
  for (skip(isSeparator); at < text.size(); skip(isSeparator)) {
    const qsizetype begin = at;
    skip([](char c) { return isTokenChar(c) && c != '='; });
    const QByteArray name = text.sliced(begin, at - begin).toByteArray().toLower();
    if (name.isEmpty() || at >= text.size() || text[at] != '=' || read.size() >= kMaxParameters) {
      return std::nullopt;
    }
    ++at;
    QByteArray value;
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        at += text[at] == '\\' && at + 1 < text.size() ? 1 : 0;
        value.append(text[at]);
      }
      if (at++ >= text.size()) {
        return std::nullopt;
      }
    } else {
      const qsizetype valueBegin = at;
      skip(isTokenChar);
      value = text.sliced(valueBegin, at - valueBegin).toByteArray();
    }
    // What is sent back must not be able to begin a field of its own.
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c != 0x7F; });
    if (!plain || value.size() > kMaxValue || read.contains(name)) {
      return std::nullopt;
    }
    read.insert(name, value);
  }
  return read;
}

QByteArray quoted(const QByteArray& text) {
  QByteArray escaped = text;
  escaped.replace('\\', "\\\\").replace('"', "\\\"");
  return '"' + escaped + '"';
}

}  // namespace

std::optional<HttpChallenge> HttpChallenge::strongest(const QList<QByteArray>& fields) {
  std::optional<HttpChallenge> best;
  for (const QByteArray& field : fields) {
    const qsizetype space = field.indexOf(' ');
    const QByteArray scheme = field.left(space < 0 ? field.size() : space).toLower();
    const auto given = parameters(QByteArrayView(field).sliced(scheme.size()));
    if (!given) {
      continue;
    }
    HttpChallenge challenge;
    challenge.realm_ = given->value("realm");
    if (scheme == "digest") {
      challenge.nonce_ = given->value("nonce");
      challenge.opaque_ = given->value("opaque");
      challenge.algorithm_ = given->value("algorithm");
      challenge.stale_ = given->value("stale").toLower() == "true";
      const QByteArray algorithm = challenge.algorithm_.toUpper();
      const QList<QByteArray> qops = given->value("qop").split(',');
      challenge.hasQop_ = given->contains("qop");
      const bool canQop = !challenge.hasQop_ || std::any_of(qops.begin(), qops.end(), [](const QByteArray& qop) {
        return qop.trimmed().toLower() == "auth";
      });
      if (challenge.nonce_.isEmpty() || !canQop) {
        continue;
      }
      if (algorithm == "SHA-256") {
        challenge.scheme_ = Scheme::DigestSha256;
      } else if (algorithm.isEmpty() || algorithm == "MD5") {
        challenge.scheme_ = Scheme::DigestMd5;
      } else {
        continue;
      }
    } else if (scheme != "basic") {
      continue;
    }
    if (!best || challenge.scheme_ > best->scheme_) {
      best = challenge;
    }
  }
  return best;
}

QByteArray HttpChallenge::answer(QByteArrayView method, QByteArrayView uri, const QString& user,
                                 QByteArrayView password, const QByteArray& clientNonce) {
  const QByteArray name = user.toUtf8();
  if (scheme_ == Scheme::Basic) {
    return "Basic " + (name + ':' + password.toByteArray()).toBase64();
  }
  const auto hash = [this](const QByteArray& text) {
    return QCryptographicHash::hash(
               text, scheme_ == Scheme::DigestSha256 ? QCryptographicHash::Sha256 : QCryptographicHash::Md5)
        .toHex();
  };
  // RFC 7616, 3.4.1 to 3.4.3; without qop as RFC 2069 had it.
  const QByteArray count = QByteArray::number(++count_, 16).rightJustified(8, '0');
  const QByteArray secret = hash(name + ':' + realm_ + ':' + password.toByteArray());
  const QByteArray request = hash(method.toByteArray() + ':' + uri.toByteArray());
  const QByteArray response = hasQop_
                                  ? hash(secret + ':' + nonce_ + ':' + count + ':' + clientNonce + ":auth:" + request)
                                  : hash(secret + ':' + nonce_ + ':' + request);
  QByteArray field = "Digest username=" + quoted(name) + ", realm=" + quoted(realm_) + ", nonce=" + quoted(nonce_) +
                     ", uri=" + quoted(uri.toByteArray()) + ", response=\"" + response + '"';
  if (!algorithm_.isEmpty()) {
    field += ", algorithm=" + algorithm_;
  }
  if (!opaque_.isEmpty()) {
    field += ", opaque=" + quoted(opaque_);
  }
  if (hasQop_) {
    field += ", qop=auth, nc=" + count + ", cnonce=\"" + clientNonce + '"';
  }
  return field;
}

}  // namespace sealift
