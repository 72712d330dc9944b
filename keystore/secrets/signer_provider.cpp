#include "keystore/secrets/signer_provider.h"

#include "keystore/crypto/openssl_p.h"
#include "keystore/secrets/signer_key.h"

#include <algorithm>
#include <cstring>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace sealift {

namespace {

using PublicEvpKey = std::unique_ptr<EVP_PKEY, openssl::Deleter<EVP_PKEY_free>>;

// The public half is an ordinary key of OpenSSL's own; with it everything but signing is answered.
struct SignerKey {
  explicit SignerKey(const char* typeName) : type(typeName) {}
  const char* type;
  PublicEvpKey publicKey;
  std::shared_ptr<SharedSigner> signer;  // null for a public key that OpenSSL brought here to compare
};

SignerKey* keyOf(void* data) {
  return static_cast<SignerKey*>(data);
}
const SignerKey* keyOf(const void* data) {
  return static_cast<const SignerKey*>(data);
}

void refuse(const char* reason) {
  ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "Sealift: %s", reason);
}

// provider-keymgmt(7) ------------------------------------------------------------------------

void* newRsaKey(void* /*provider*/) {
  return new SignerKey("RSA");
}
void* newEcKey(void* /*provider*/) {
  return new SignerKey("EC");
}
void* newEd25519Key(void* /*provider*/) {
  return new SignerKey("ED25519");
}

void freeKey(void* data) {
  delete keyOf(data);
}

int hasParts(const void* data, int selection) {
  const SignerKey* key = keyOf(data);
  const bool needsPrivate = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
  return key->publicKey != nullptr && (!needsPrivate || key->signer != nullptr) ? 1 : 0;
}

int match(const void* left, const void* right, int /*selection*/) {
  return EVP_PKEY_eq(keyOf(left)->publicKey.get(), keyOf(right)->publicKey.get()) == 1 ? 1 : 0;
}

int getKeyParams(void* data, OSSL_PARAM params[]) {
  return EVP_PKEY_get_params(keyOf(data)->publicKey.get(), params);
}

const OSSL_PARAM* gettableKeyParams(void* /*provider*/) {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr), OSSL_PARAM_END};
  return kParams;
}

bool importSigner(SignerKey& key, const OSSL_PARAM& param) {
  const void* address = nullptr;
  if (param.data_size != sizeof address) {
    return false;
  }
  std::memcpy(&address, param.data, sizeof address);
  const auto& signer = *static_cast<const std::shared_ptr<SharedSigner>*>(address);
  const QByteArray der = signer->publicKey().toDer();
  const auto* at = reinterpret_cast<const unsigned char*>(der.constData());
  key.publicKey.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  key.signer = signer;
  return key.publicKey != nullptr;
}

bool importPublic(SignerKey& key, const OSSL_PARAM params[]) {
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, key.type, nullptr));
  EVP_PKEY* imported = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &imported, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)) != 1) {
    return false;
  }
  key.publicKey.reset(imported);
  return true;
}

int importKey(void* data, int /*selection*/, const OSSL_PARAM params[]) {
  const OSSL_PARAM* signer = OSSL_PARAM_locate_const(params, kSignerParam);
  SignerKey& key = *keyOf(data);
  return (signer != nullptr ? importSigner(key, *signer) : importPublic(key, params)) ? 1 : 0;
}

// OpenSSL asks for everything when it would rather sign with a provider of its own: there is nothing to give then.
int exportKey(void* data, int selection, OSSL_CALLBACK* callback, void* argument) {
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) {
    return 0;
  }
  return EVP_PKEY_export(keyOf(data)->publicKey.get(), EVP_PKEY_PUBLIC_KEY, callback, argument);
}

const OSSL_PARAM* transferredParams(int /*selection*/) {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_octet_string(kSignerParam, nullptr, 0), OSSL_PARAM_END};
  return kParams;
}

const char* ecOperation(int operation) {
  return operation == OSSL_OP_SIGNATURE ? "ECDSA" : nullptr;
}

// provider-signature(7) ----------------------------------------------------------------------

struct Signing {
  const SignerKey* key = nullptr;
  std::optional<DigestAlgorithm> digest;  // none for Ed25519
  bool pss = false;
};

Signing* signingOf(void* data) {
  return static_cast<Signing*>(data);
}

void* newSigning(void* /*provider*/, const char* /*properties*/) {
  return new Signing;
}

void freeSigning(void* data) {
  delete signingOf(data);
}

void* copySigning(void* data) {
  return new Signing(*signingOf(data));
}

std::optional<DigestAlgorithm> digestNamed(const char* name) {
  for (const DigestAlgorithm algorithm : {DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512}) {
    EVP_MD* known = EVP_MD_fetch(nullptr, digestName(algorithm).toLatin1().constData(), nullptr);
    const bool same = known != nullptr && EVP_MD_is_a(known, name) == 1;
    EVP_MD_free(known);
    if (same) {
      return algorithm;
    }
  }
  return std::nullopt;
}

// Numbers come from the ctrl functions of RSA, names from everybody else (rsa(7), EVP_SIGNATURE-RSA(7)).
bool readPadding(Signing& signing, const OSSL_PARAM& param) {
  if (param.data_type == OSSL_PARAM_UTF8_STRING) {
    const std::string_view name(static_cast<const char*>(param.data));
    signing.pss = name == OSSL_PKEY_RSA_PAD_MODE_PSS;
    return signing.pss || name == OSSL_PKEY_RSA_PAD_MODE_PKCSV15;
  }
  int mode = 0;
  if (OSSL_PARAM_get_int(&param, &mode) != 1) {
    return false;
  }
  signing.pss = mode == RSA_PKCS1_PSS_PADDING;
  return signing.pss || mode == RSA_PKCS1_PADDING;
}

// RFC 8446, 4.2.3: the salt is as long as the digest, which is the one length that SignatureScheme makes.
bool readSaltLength(const Signing& signing, const OSSL_PARAM& param) {
  if (param.data_type == OSSL_PARAM_UTF8_STRING) {
    return std::string_view(static_cast<const char*>(param.data)) == OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
  }
  int length = 0;
  return OSSL_PARAM_get_int(&param, &length) == 1 &&
         (length == RSA_PSS_SALTLEN_DIGEST || (signing.digest && length == digestSize(*signing.digest)));
}

int setSigningParams(void* data, const OSSL_PARAM params[]) {
  Signing& signing = *signingOf(data);
  if (params == nullptr) {
    return 1;
  }
  const OSSL_PARAM* padding = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (padding != nullptr && !readPadding(signing, *padding)) {
    refuse("this RSA padding is not supported");
    return 0;
  }
  const OSSL_PARAM* salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  if (salt != nullptr && !readSaltLength(signing, *salt)) {
    refuse("the salt of RSA-PSS must be as long as the digest");
    return 0;
  }
  return 1;
}

const OSSL_PARAM* settableSigningParams(void* /*signing*/, void* /*provider*/) {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                       OSSL_PARAM_END};
  return kParams;
}

int initSigning(void* data, const char* digest, void* key, const OSSL_PARAM params[]) {
  Signing& signing = *signingOf(data);
  if (key != nullptr) {
    signing.key = keyOf(key);
  }
  if (signing.key == nullptr || signing.key->signer == nullptr) {
    refuse("there is no private key to sign with");
    return 0;
  }
  if (digest != nullptr && *digest != '\0') {
    signing.digest = digestNamed(digest);
    if (!signing.digest) {
      refuse("only SHA-256, SHA-384 and SHA-512 are signed");
      return 0;
    }
  }
  return setSigningParams(data, params);
}

std::optional<SignatureScheme> rsaScheme(DigestAlgorithm digest, bool pss) {
  switch (digest) {
    case DigestAlgorithm::Sha256:
      return pss ? SignatureScheme::RsaPssSha256 : SignatureScheme::RsaPkcs1v15Sha256;
    case DigestAlgorithm::Sha384:
      return pss ? SignatureScheme::RsaPssSha384 : SignatureScheme::RsaPkcs1v15Sha384;
    case DigestAlgorithm::Sha512:
      return pss ? SignatureScheme::RsaPssSha512 : SignatureScheme::RsaPkcs1v15Sha512;
  }
  return std::nullopt;
}

// RFC 8446, 4.2.3 ties a curve to its hash; TLS 1.2 would allow others, no peer needs them.
std::optional<SignatureScheme> schemeOf(const Signing& signing) {
  switch (signing.key->signer->publicKey().type()) {
    case KeyType::Ed25519:
      return signing.digest ? std::nullopt : std::optional(SignatureScheme::Ed25519);
    case KeyType::EcP256:
      return signing.digest == DigestAlgorithm::Sha256 ? std::optional(SignatureScheme::EcdsaP256Sha256) : std::nullopt;
    case KeyType::EcP384:
      return signing.digest == DigestAlgorithm::Sha384 ? std::optional(SignatureScheme::EcdsaP384Sha384) : std::nullopt;
    case KeyType::Rsa:
      break;
  }
  return signing.digest ? rsaScheme(*signing.digest, signing.pss) : std::nullopt;
}

int sign(void* data, unsigned char* signature, std::size_t* length, std::size_t capacity, const unsigned char* message,
         std::size_t messageLength) {
  const Signing& signing = *signingOf(data);
  const auto most = static_cast<std::size_t>(EVP_PKEY_get_size(signing.key->publicKey.get()));
  if (signature == nullptr) {
    *length = most;
    return 1;
  }
  const std::optional<SignatureScheme> scheme = schemeOf(signing);
  if (!scheme) {
    refuse("this hash is not signed with this type of key");
    return 0;
  }
  const Result<QByteArray> made =
      signing.key->signer->sign(*scheme, QByteArrayView(message, static_cast<qsizetype>(messageLength)));
  if (!made) {
    refuse(made.error().message().toUtf8().constData());
    return 0;
  }
  const auto size = static_cast<std::size_t>(made->size());
  if (size > capacity) {
    refuse("the signature is longer than expected");
    return 0;
  }
  std::memcpy(signature, made->constData(), size);
  *length = size;
  return 1;
}

int signatureNid(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::Ed25519:
      return NID_ED25519;
    case SignatureScheme::EcdsaP256Sha256:
      return NID_ecdsa_with_SHA256;
    case SignatureScheme::EcdsaP384Sha384:
      return NID_ecdsa_with_SHA384;
    case SignatureScheme::RsaPkcs1v15Sha256:
      return NID_sha256WithRSAEncryption;
    case SignatureScheme::RsaPkcs1v15Sha384:
      return NID_sha384WithRSAEncryption;
    case SignatureScheme::RsaPkcs1v15Sha512:
      return NID_sha512WithRSAEncryption;
    case SignatureScheme::RsaPssSha256:
    case SignatureScheme::RsaPssSha384:
    case SignatureScheme::RsaPssSha512:
      break;
  }
  return NID_undef;  // its parameters would have to be written, too; certificates are signed without PSS
}

// What X509_sign and its relatives write beside the signature: RFC 5758, 3.2 (ECDSA: no parameters), RFC 8410, 3
// (Ed25519: none), RFC 4055, 5 (RSA: NULL).
QByteArray algorithmIdentifier(const Signing& signing) {
  using Algorithm = std::unique_ptr<X509_ALGOR, openssl::Deleter<X509_ALGOR_free>>;
  const std::optional<SignatureScheme> scheme = schemeOf(signing);
  const int nid = scheme ? signatureNid(*scheme) : NID_undef;
  const Algorithm algorithm(X509_ALGOR_new());
  const int parameter = scheme && keyTypeOf(*scheme) == KeyType::Rsa ? V_ASN1_NULL : V_ASN1_UNDEF;
  unsigned char* encoded = nullptr;
  if (nid == NID_undef || !algorithm || X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(nid), parameter, nullptr) != 1) {
    return {};
  }
  const int length = i2d_X509_ALGOR(algorithm.get(), &encoded);
  const QByteArray der(reinterpret_cast<const char*>(encoded), std::max(length, 0));
  OPENSSL_free(encoded);
  return der;
}

int getSigningParams(void* data, OSSL_PARAM params[]) {
  OSSL_PARAM* wanted = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
  if (wanted == nullptr) {
    return 1;
  }
  const QByteArray der = signingOf(data)->key != nullptr ? algorithmIdentifier(*signingOf(data)) : QByteArray();
  if (der.isEmpty()) {
    refuse("this hash is not signed with this type of key");
    return 0;
  }
  return OSSL_PARAM_set_octet_string(wanted, der.constData(), static_cast<std::size_t>(der.size()));
}

const OSSL_PARAM* gettableSigningParams(void* /*signing*/, void* /*provider*/) {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, nullptr, 0),
                                       OSSL_PARAM_END};
  return kParams;
}

// provider(7) --------------------------------------------------------------------------------

template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

using Dispatch = std::array<OSSL_DISPATCH, 13>;

Dispatch keyManagement(OSSL_FUNC_keymgmt_new_fn* create, OSSL_FUNC_keymgmt_query_operation_name_fn* operation) {
  return {entry(OSSL_FUNC_KEYMGMT_NEW, create),
          entry(OSSL_FUNC_KEYMGMT_FREE, freeKey),
          entry(OSSL_FUNC_KEYMGMT_HAS, hasParts),
          entry(OSSL_FUNC_KEYMGMT_MATCH, match),
          entry(OSSL_FUNC_KEYMGMT_GET_PARAMS, getKeyParams),
          entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettableKeyParams),
          entry(OSSL_FUNC_KEYMGMT_IMPORT, importKey),
          entry(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, transferredParams),
          entry(OSSL_FUNC_KEYMGMT_EXPORT, exportKey),
          entry(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, transferredParams),
          operation != nullptr ? entry(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation) : OSSL_DISPATCH{0, nullptr},
          OSSL_DISPATCH{0, nullptr}};
}

const OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* noCache) {
  static const Dispatch kRsa = keyManagement(newRsaKey, nullptr);
  static const Dispatch kEc = keyManagement(newEcKey, ecOperation);
  static const Dispatch kEd25519 = keyManagement(newEd25519Key, nullptr);
  static const Dispatch kSignature{entry(OSSL_FUNC_SIGNATURE_NEWCTX, newSigning),
                                   entry(OSSL_FUNC_SIGNATURE_FREECTX, freeSigning),
                                   entry(OSSL_FUNC_SIGNATURE_DUPCTX, copySigning),
                                   entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, initSigning),
                                   entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign),
                                   entry(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, setSigningParams),
                                   entry(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settableSigningParams),
                                   entry(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, getSigningParams),
                                   entry(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, gettableSigningParams),
                                   OSSL_DISPATCH{0, nullptr}};
  static const char* const kProperties = "provider=sealift";
  static const OSSL_ALGORITHM kKeyManagements[] = {{"RSA:rsaEncryption", kProperties, kRsa.data(), nullptr},
                                                   {"EC:id-ecPublicKey", kProperties, kEc.data(), nullptr},
                                                   {"ED25519", kProperties, kEd25519.data(), nullptr},
                                                   {nullptr, nullptr, nullptr, nullptr}};
  static const OSSL_ALGORITHM kSignatures[] = {{"RSA:rsaEncryption", kProperties, kSignature.data(), nullptr},
                                               {"ECDSA", kProperties, kSignature.data(), nullptr},
                                               {"ED25519", kProperties, kSignature.data(), nullptr},
                                               {nullptr, nullptr, nullptr, nullptr}};
  *noCache = 0;
  return operation == OSSL_OP_KEYMGMT ? kKeyManagements : operation == OSSL_OP_SIGNATURE ? kSignatures : nullptr;
}

}  // namespace

extern "C" int initSignerProvider(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* /*core*/,
                                  const OSSL_DISPATCH** dispatch, void** provider) {
  static const OSSL_DISPATCH kProvider[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, nullptr}};
  *dispatch = kProvider;
  *provider = const_cast<OSSL_CORE_HANDLE*>(handle);  // unused, but must not be null
  return 1;
}

}  // namespace sealift
