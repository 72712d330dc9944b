#include "keystore/secrets/tpm_signer.h"

#include "app/base/file_io.h"
#include "keystore/crypto/openssl_p.h"
#include "keystore/secrets/pin_dialog.h"
#include "keystore/secrets/tpm_context.h"
#include "keystore/secrets/tpm_key_file.h"
#include "keystore/secrets/tpm_tries.h"

#include <QFileInfo>

#include <cstring>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

namespace sealift {

namespace {

using openssl::data;
using openssl::size;
using EvpKey = std::unique_ptr<EVP_PKEY, openssl::Deleter<EVP_PKEY_free>>;

QString nameOf(const TpmKeyAddress& address) {
  return address.handle ? QStringLiteral("the TPM's key 0x%1").arg(*address.handle, 8, 16, QLatin1Char('0'))
                        : QStringLiteral("the TPM's key %1").arg(address.path);
}

// pem_password_cb(3); the provider asks only for keys that have an authorization value.
int giveAuthorization(char* buffer, int capacity, int /*forWriting*/, void* userData) {
  const QByteArrayView view = static_cast<const SecretBytes*>(userData)->view();
  if (view.size() > capacity) {
    return -1;
  }
  std::memcpy(buffer, view.data(), static_cast<std::size_t>(view.size()));
  return static_cast<int>(view.size());
}

EvpKey loadFile(OSSL_LIB_CTX* library, const QByteArray& pem, SecretBytes& authorization) {
  const openssl::Bio bio(BIO_new_mem_buf(pem.constData(), static_cast<int>(pem.size())));
  return EvpKey(
      PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, giveAuthorization, &authorization, library, kTpmProperties));
}

EvpKey loadHandle(OSSL_LIB_CTX* library, quint32 handle, SecretBytes& authorization) {
  using Store = std::unique_ptr<OSSL_STORE_CTX, openssl::Deleter<OSSL_STORE_close>>;
  using StoreInfo = std::unique_ptr<OSSL_STORE_INFO, openssl::Deleter<OSSL_STORE_INFO_free>>;
  using Prompt = std::unique_ptr<UI_METHOD, openssl::Deleter<UI_destroy_method>>;
  // "?pass": with an authorization value, which the provider then asks for.
  const QByteArray uri = "handle:0x" + QByteArray::number(handle, 16) + (authorization.isEmpty() ? "" : "?pass");
  const Prompt prompt(UI_UTIL_wrap_read_pem_callback(giveAuthorization, 0));
  const Store store(OSSL_STORE_open_ex(uri.constData(), library, kTpmProperties, prompt.get(), &authorization, nullptr,
                                       nullptr, nullptr));
  while (store && OSSL_STORE_eof(store.get()) == 0) {
    const StoreInfo info(OSSL_STORE_load(store.get()));
    if (!info) {
      break;
    }
    if (OSSL_STORE_INFO_get_type(info.get()) == OSSL_STORE_INFO_PKEY) {
      return EvpKey(OSSL_STORE_INFO_get1_PKEY(info.get()));
    }
  }
  return EvpKey();
}

Result<PublicKey> publicHalf(const EVP_PKEY* key, const QString& name) {
  unsigned char* encoded = nullptr;
  const int length = i2d_PUBKEY(key, &encoded);
  if (length <= 0) {
    return fail(tpmError(QStringLiteral("Reading the public half of %1").arg(name)));
  }
  const QByteArray der(reinterpret_cast<const char*>(encoded), length);
  OPENSSL_free(encoded);
  return PublicKey::fromDer(der);
}

// Asked on a connection of its own, for which a simulated TPM would wait until the other is closed.
std::optional<TpmTries> triesOf(const QString& tcti) {
  return TpmContext::isOpen(tcti) ? std::nullopt : readTpmTries(tcti);
}

void describeTries(Error& error, PinRequest& request, const QString& tcti) {
  const std::optional<TpmTries> tries = triesOf(tcti);
  if (!tries) {
    return;
  }
  if (error.code == ErrorCode::KeyPin) {
    request.triesLeft = tries->left;
    error.what += tries->left == 1 ? QStringLiteral(" One try is left before the TPM locks itself.")
                                   : QStringLiteral(" %1 tries are left.").arg(tries->left);
  } else if (error.code == ErrorCode::KeyLocked && tries->oneMoreAfter.count() > 0) {
    error.remedy = QStringLiteral(
                       "Wait: it takes one more try every %1 seconds. Or have the TPM's owner reset it "
                       "(tpm2_dictionarylockout --clear-lockout).")
                       .arg(tries->oneMoreAfter.count());
  }
}

Result<EvpKey> generate(OSSL_LIB_CTX* library, const KeyWanted& wanted, const SecretBytes& authorization) {
  const bool rsa = wanted.type == KeyType::Rsa;
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(library, rsa ? "RSA" : "EC", kTpmProperties));
  QByteArray auth = authorization.view().toByteArray();
  QByteArray group = wanted.type == KeyType::EcP384 ? QByteArrayLiteral("P-384") : QByteArrayLiteral("P-256");
  auto bits = static_cast<std::size_t>(wanted.rsaBits);
  std::vector<OSSL_PARAM> params;
  params.push_back(rsa ? OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits)
                       : OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0));
  if (!auth.isEmpty()) {
    params.push_back(OSSL_PARAM_construct_utf8_string("user-auth", auth.data(), 0));
  }
  params.push_back(OSSL_PARAM_construct_end());
  EVP_PKEY* key = nullptr;
  const bool made = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                    EVP_PKEY_CTX_set_params(context.get(), params.data()) == 1 &&
                    EVP_PKEY_generate(context.get(), &key) == 1;
  zeroize(auth);
  if (!made) {
    return fail(tpmError(QStringLiteral("Making a key in the TPM")));
  }
  return EvpKey(key);
}

}  // namespace

struct TpmSigner::Opened {
  std::shared_ptr<TpmContext> context;  // outlives the key
  EvpKey key;
};

TpmSigner::TpmSigner(TpmKeyAddress address, SecretBytes authorization, std::unique_ptr<Opened> opened,
                     PublicKey publicKey)
    : address_(std::move(address)),
      authorization_(std::move(authorization)),
      opened_(std::move(opened)),
      publicKey_(std::move(publicKey)) {}

TpmSigner::~TpmSigner() = default;

Result<std::unique_ptr<TpmSigner::Opened>> TpmSigner::load(const TpmKeyAddress& address, SecretBytes& authorization) {
  TpmKeyFile file;
  if (!address.handle) {
    SEALIFT_TRY(file, readTpmKeyFile(address.path));
  }
  SEALIFT_TRY(std::shared_ptr<TpmContext> context, TpmContext::open(address.tcti));
  const std::lock_guard lock(context->mutex());
  ERR_clear_error();
  EvpKey key = address.handle ? loadHandle(context->library(), *address.handle, authorization)
                              : loadFile(context->library(), file.pem, authorization);
  if (!key) {
    return fail(tpmError(QStringLiteral("Loading ") + nameOf(address)));
  }
  return std::make_unique<Opened>(Opened{std::move(context), std::move(key)});
}

// A signature proves that the authorization value is right and that the TPM really has the key.
Result<std::unique_ptr<Signer>> TpmSigner::openWith(const TpmKeyAddress& address, const SecretBytes& value) {
  SecretBytes authorization(value.view());
  SEALIFT_TRY(std::unique_ptr<Opened> opened, load(address, authorization));
  SEALIFT_TRY(PublicKey publicKey, publicHalf(opened->key.get(), nameOf(address)));
  const SignatureScheme scheme = usualSchemeOf(publicKey.type());
  std::unique_ptr<TpmSigner> signer(
      new TpmSigner(address, std::move(authorization), std::move(opened), std::move(publicKey)));
  SEALIFT_TRY(const QByteArray proof, signer->sign(scheme, "Sealift opens this key"));
  return std::unique_ptr<Signer>(std::move(signer));
}

Result<std::unique_ptr<Signer>> TpmSigner::open(const TpmKeyAddress& address, PinSource& pins) {
  PinRequest request{.kind = PinKind::TpmAuth, .keeper = nameOf(address)};
  bool needsAuthorization = false;
  if (!address.handle) {
    SEALIFT_TRY(const TpmKeyFile file, readTpmKeyFile(address.path));
    needsAuthorization = file.needsAuthorization;
  }
  const bool mayCostATry = needsAuthorization || address.handle;
  if (const auto tries = mayCostATry ? triesOf(address.tcti) : std::nullopt; tries && tries->left > 0) {
    request.triesLeft = tries->left;
  }
  // A handle does not tell whether it wants an authorization value. Trying without may cost a try, so not the last.
  if (!needsAuthorization && (!address.handle || request.triesLeft != 1)) {
    Result<std::unique_ptr<Signer>> plain = openWith(address, SecretBytes());
    if (plain || plain.error().code != ErrorCode::KeyPin) {
      return plain;
    }
    describeTries(plain.error(), request, address.tcti);
  }
  return askUntilRight<std::unique_ptr<Signer>>(
      pins, request, [&](const SecretBytes& authorization) -> Result<std::unique_ptr<Signer>> {
        Result<std::unique_ptr<Signer>> opened = openWith(address, authorization);
        if (!opened) {
          describeTries(opened.error(), request, address.tcti);
        }
        return opened;
      });
}

Result<std::unique_ptr<Signer>> TpmSigner::create(const TpmKeyAddress& address, const KeyWanted& wanted,
                                                  PinSource& pins) {
  if (address.handle) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A TPM's new key needs a file for its wrapped form."),
                QStringLiteral("Give the address as tpm:PATH."));
  }
  if (wanted.type == KeyType::Ed25519) {
    return fail(ErrorCode::NotSupported, QStringLiteral("TPMs have no Ed25519 keys."),
                QStringLiteral("Choose ECDSA P-256."));
  }
  if (QFileInfo::exists(address.path)) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("There is a file %1 already.").arg(address.path));
  }
  SEALIFT_TRY(const SecretBytes authorization,
              pins.ask({.kind = PinKind::TpmAuth, .keeper = nameOf(address), .isNew = true}));
  {
    SEALIFT_TRY(const std::shared_ptr<TpmContext> context, TpmContext::open(address.tcti));
    const std::lock_guard lock(context->mutex());
    ERR_clear_error();
    SEALIFT_TRY(const EvpKey key, generate(context->library(), wanted, authorization));
    const openssl::Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
      return fail(tpmError(QStringLiteral("Writing the TPM's wrapped key")));
    }
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    SEALIFT_CHECK(writeFileAtomic(address.path, QByteArray(text, length), true));
  }
  return openWith(address, authorization);
}

Status TpmSigner::reload() {
  SEALIFT_TRY(std::unique_ptr<Opened> opened, load(address_, authorization_));
  SEALIFT_TRY(const PublicKey now, publicHalf(opened->key.get(), nameOf(address_)));
  if (!(now == publicKey_)) {
    return fail(ErrorCode::CryptoKey,
                QStringLiteral("Another key is there now than the one that was opened as %1.").arg(nameOf(address_)));
  }
  opened_ = std::move(opened);
  return {};
}

Result<QByteArray> TpmSigner::signInTpm(SignatureScheme scheme, QByteArrayView digest) {
  const std::lock_guard lock(opened_->context->mutex());
  ERR_clear_error();
  const openssl::KeyContext context(
      EVP_PKEY_CTX_new_from_pkey(opened_->context->library(), opened_->key.get(), kTpmProperties));
  const bool rsa = publicKey_.type() == KeyType::Rsa;
  const bool pss = scheme == SignatureScheme::RsaPssSha256 || scheme == SignatureScheme::RsaPssSha384 ||
                   scheme == SignatureScheme::RsaPssSha512;
  const int padding = pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
  QByteArray signature(EVP_PKEY_get_size(opened_->key.get()), '\0');
  std::size_t length = size(signature);
  if (context && EVP_PKEY_sign_init(context.get()) == 1 &&
      (!rsa || EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1) &&
      EVP_PKEY_CTX_set_signature_md(context.get(), openssl::evpDigestOf(scheme)) == 1 &&
      EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, data(digest),
                    size(digest)) == 1) {
    signature.truncate(static_cast<qsizetype>(length));
    return signature;
  }
  return fail(tpmError(QStringLiteral("Signing with ") + nameOf(address_)));
}

Result<QByteArray> TpmSigner::sign(SignatureScheme scheme, QByteArrayView message) {
  SEALIFT_CHECK(openssl::requireMatch(scheme, publicKey_));
  if (!opened_) {
    SEALIFT_CHECK(reload());
  }
  // Hashed here: a TPM hashes slowly, and gets the same few bytes for a message of any size.
  const QByteArray digest = computeDigest(*openssl::digestOf(scheme), message);
  Result<QByteArray> signature = signInTpm(scheme, digest);
  if (!signature) {
    if (signature.error().code == ErrorCode::KeyAbsent) {
      opened_.reset();
    }
    return signature;
  }
  if (const Status holds = publicKey_.verify(scheme, message, *signature); !holds) {
    return failBecause(ErrorCode::CryptoFailure, QStringLiteral("The TPM's signature does not hold."), holds.error());
  }
  return signature;
}

}  // namespace sealift
