// Length and hashes of a target while its bytes go by (TUF 1.0, 5.7.2): nothing has to be held in memory for it.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"
#include "keystore/tuf/client/target_info.h"

#include <QByteArrayView>

#include <map>

namespace sealift::tuf {

class TargetVerifier {
 public:
  explicit TargetVerifier(const TargetInfo& target);

  // TrustLength as soon as there are more bytes than the signed length.
  Status add(QByteArrayView bytes);
  // TrustLength when there were fewer bytes; TrustHashMismatch unless every known hash holds, and when none is known.
  // The verifier then begins anew.
  Status finish();
  qint64 length() const { return length_; }  // of the bytes so far

 private:
  void restart();

  TargetInfo target_;
  std::map<DigestAlgorithm, Digester> digesters_;
  qint64 length_ = 0;
};

// Whether the file at `path` is this target. FileRead when it can't be read; else as TargetVerifier::finish().
Status verifyTargetFile(const QString& path, const TargetInfo& target, const CancelToken& cancel);

}  // namespace sealift::tuf
