// The identity group as functions: a device's key, certificate and lock, for factories and for proofs of identity.
// Source: README.md, "Identity group", which is what a firmware developer follows.
// What the device says is read strictly (types, lengths) and proves nothing by itself: certificates, requests and
// signatures are for keystore/crypto to judge. Functions that give an optional give nothing when the device has no such
// group, or no such thing; the others then fail with NotSupported. Every one of them may be called again after a lost
// answer, a restart of the device or of Sealift: what was done already is not done twice. Thread: the session's.
#pragma once

#include "transports/protocols/smp/smp_session.h"

#include <QByteArray>
#include <QList>

#include <optional>

namespace sealift {

inline constexpr qsizetype kSmpMaxCertificate = 4096;  // bytes, DER
inline constexpr qsizetype kSmpMaxRequest = 2048;      // the same
inline constexpr qsizetype kSmpIdentityNonce = 32;

enum class SmpKeyAlgorithm { P256, Ed25519 };

struct SmpIdentityState {
  QList<SmpKeyAlgorithm> algorithms;   // that the device can make keys of
  std::optional<SmpKeyAlgorithm> key;  // of its key; nothing: it has none
  QByteArray keyId;                    // SHA-256 of its SubjectPublicKeyInfo; empty without a key
  QByteArray certificateDigest;        // SHA-256 of its certificate; empty without one
  bool locked = false;
};

struct SmpIdentityProof {
  QByteArray deviceNonce;  // 32 bytes
  QByteArray signature;    // 1 to 128 bytes
};

struct SmpSecureBoot {
  bool on = false;     // the bootloader runs signed images only
  bool fixed = false;  // and that can't be changed any more
};

// What is left of a device's former life; all true: nothing.
struct SmpWiped {
  bool key = false;
  bool certificate = false;
  bool settings = false;
  bool userData = false;
};

class SmpIdentityClient {
 public:
  explicit SmpIdentityClient(SmpSession& session) : session_(session) {}

  Result<std::optional<SmpIdentityState>> state(const CancelToken& cancel);
  Result<std::optional<QByteArray>> certificate(const CancelToken& cancel);  // DER
  // Gives the key's id. A key of that algorithm that is there already stays and counts as made.
  Result<QByteArray> makeKey(SmpKeyAlgorithm algorithm, const CancelToken& cancel);
  Result<QByteArray> certificateRequest(const CancelToken& cancel);  // PKCS#10, DER
  // The device takes only a certificate for its own key, as a whole. InvalidArgument when it is empty or too long.
  Status storeCertificate(const QByteArray& der, const CancelToken& cancel);
  // keystore/crypto/identity_proof.h says what is signed. InvalidArgument unless the nonce has 32 bytes.
  Result<SmpIdentityProof> sign(const QByteArray& stationNonce, const CancelToken& cancel);

  Result<std::optional<SmpSecureBoot>> secureBoot(const CancelToken& cancel);
  Result<std::optional<quint32>> counter(const CancelToken& cancel);

  // Irreversible, all three.
  Status requireSecureBoot(const CancelToken& cancel);
  Status raiseCounter(quint32 value, const CancelToken& cancel);
  // `keyId` names the device meant: one with another key refuses.
  Status lock(const QByteArray& keyId, const CancelToken& cancel);

  // Removes key, certificate, settings and user data, as far as the device can; empty `keyId` for one without a key.
  Result<SmpWiped> wipe(const QByteArray& keyId, const CancelToken& cancel);

 private:
  Result<std::optional<QCborMap>> ask(const SmpRequest& request, const CancelToken& cancel);
  Result<QCborMap> carryOut(const SmpRequest& request, const CancelToken& cancel);
  Result<std::optional<QByteArray>> readWhole(std::uint8_t command, qsizetype most, const QString& name,
                                              const CancelToken& cancel);
  Result<qsizetype> sendChunk(const QByteArray& der, qsizetype offset, const CancelToken& cancel);

  SmpSession& session_;
};

}  // namespace sealift
