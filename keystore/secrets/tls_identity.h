// What a TLS client shows and proves itself with: a certificate chain, and a private key that stays where it is.
// Signatures of the handshake (TLS 1.2 and 1.3) are made by a Signer, whatever keeps its key.
#pragma once

#include "keystore/secrets/key_address.h"
#include "keystore/secrets/pin_source.h"
#include "keystore/secrets/signer.h"

#include <QByteArray>
#include <QSslConfiguration>

#include <memory>
#include <optional>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sealift {

class SharedSigner;

// Copies share the key. Any thread; handshakes of several threads sign one after the other.
class TlsIdentity {
 public:
  // `chainPem`: the client's own certificate first, then its issuers in order (RFC 8446, 4.4.2). CryptoKey when it
  // is damaged or the first certificate is not for the signer's key.
  static Result<TlsIdentity> make(const QByteArray& chainPem, std::shared_ptr<Signer> signer);
  // Opens both. FileRead, what openSigner and make report.
  static Result<TlsIdentity> load(const QString& certificateFile, const KeyAddress& key, PinSource& pins);

  // Sets chain and key for QSslSocket and QNetworkAccessManager (Qt's OpenSSL backend: the key is opaque to Qt).
  // The configuration and its copies share the key and may outlive this object.
  Status applyTo(QSslConfiguration& configuration) const;
  // For plain OpenSSL: SSL_CTX_use_PrivateKey (borrowed), SSL_CTX_set1_client_sigalgs_list.
  evp_pkey_st* key() const { return key_.get(); }
  const char* clientSignatureAlgorithms() const;
  const QByteArray& chainPem() const { return chainPem_; }
  const PublicKey& publicKey() const;
  // Why the key could not sign in the last handshake; TLS itself reports no more than that it failed.
  std::optional<Error> lastSigningError() const;

 private:
  TlsIdentity(QByteArray chainPem, std::shared_ptr<SharedSigner> signer, std::shared_ptr<evp_pkey_st> key);

  QByteArray chainPem_;
  std::shared_ptr<SharedSigner> signer_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace sealift
