// Answers to what a server asks for before it lets in: Digest (RFC 7616) with SHA-256 or MD5, and Basic (RFC 7617),
// which is only for encrypted connections.
#pragma once

#include "transports/links/http_message.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <optional>

namespace sealift {

// What one server asked for last (401, field WWW-Authenticate).
class HttpChallenge {
 public:
  // The strongest of those that are understood; nothing when none is (qop other than "auth", "-sess", other schemes).
  static std::optional<HttpChallenge> strongest(const QList<QByteArray>& fields);

  // The value of the field Authorization. `uri` as it stands in the request's first line. Counts the nonce's uses.
  QByteArray answer(QByteArrayView method, QByteArrayView uri, const QString& user, QByteArrayView password,
                    const QByteArray& clientNonce);
  bool isSameAs(const HttpChallenge& other) const { return realm_ == other.realm_ && nonce_ == other.nonce_; }
  bool isStale() const { return stale_; }  // RFC 7616, 3.3: only the nonce was too old

 private:
  enum class Scheme { Basic, DigestMd5, DigestSha256 };

  Scheme scheme_ = Scheme::Basic;
  QByteArray realm_;
  QByteArray nonce_;
  QByteArray opaque_;
  QByteArray algorithm_;  // as it was given; may be empty
  bool hasQop_ = false;
  bool stale_ = false;
  quint32 count_ = 0;
};

}  // namespace sealift
