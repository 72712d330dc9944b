// TUF metadata. The first byte chooses how the rest is used:
//   even  as a whole file, hostile from its first byte on, offered as every role to a client that trusts the fixture
//         repository's root;
//   odd   as the `signed` part of a file which is then properly signed: what a thief of keys could publish. The set
//         has to get through everything behind the signature check.
#include "keystore/crypto/private_key.h"
#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/client/trusted_metadata_set.h"
#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/repository_path.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;
using namespace sealift::tuf;

namespace {

const QDateTime kNow({2026, 11, 21}, {12, 0}, Qt::UTC);

// RFC 8032, 7.1, TEST 1: a key that nobody trusts.
const PrivateKey& signingKey() {
  static const auto kKey = PrivateKey::fromPem(
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n");
  fuzz::require(kKey.has_value(), "the test's key can be read");
  return *kKey;
}

const std::string& signingKeyId() {
  static const std::string kId = keyIdOf(signingKey().publicKey()).toStdString();
  return kId;
}

QByteArray fileOf(const Json& signedPart) {
  const auto signature = signingKey().sign(SignatureScheme::Ed25519, canonicalJson(signedPart));
  fuzz::require(signature.has_value(), "the test's key can sign");
  const Json file{{"signatures", {{{"keyid", signingKeyId()}, {"sig", signature->toHex().toStdString()}}}},
                  {"signed", signedPart}};
  return QByteArray::fromStdString(file.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json common(const char* type, qint64 version) {
  return {{"_type", type}, {"spec_version", "1.0.31"}, {"version", version}, {"expires", "2030-01-01T00:00:00Z"}};
}

Json roleKeys() {
  return {{"keyids", {signingKeyId()}}, {"threshold", 1}};
}

Json rootOf(qint64 version) {
  Json root = common("root", version);
  root["consistent_snapshot"] = true;
  root["keys"] = {{signingKeyId(), keyToJson(signingKey().publicKey())}};
  root["roles"] = {{"root", roleKeys()}, {"timestamp", roleKeys()}, {"snapshot", roleKeys()}, {"targets", roleKeys()}};
  return root;
}

TrustedMetadataSet trust(const QByteArray& root) {
  auto set = TrustedMetadataSet::fromTrustedRoot(root, kNow, Freshness::Required);
  fuzz::require(set.has_value(), "the root is trusted");
  return std::move(*set);
}

// Names, paths and bins of delegations, which no signature protects from being hostile.
void walk(const TargetsMetadata& metadata) {
  QStringList paths{QStringLiteral("a/b.bin"), QStringLiteral("a"), QString()};
  for (auto target = metadata.targets.begin(); target != metadata.targets.end() && paths.size() < 16; ++target) {
    paths.append(target.key());
    if (isSafeTargetPath(target.key())) {
      const QString encoded = encodePath(target.key());
      fuzz::require(!encoded.startsWith(QLatin1Char('/')) && !encoded.contains(QLatin1String("//")) &&
                        !encoded.split(QLatin1Char('/')).contains(QStringLiteral("..")),
                    "a safe path stays below its folder");
    }
  }
  if (!metadata.delegations) {
    return;
  }
  for (const QString& path : paths) {
    for (const DelegatedRole& role : metadata.delegations->roles) {
      (void)role.delegates(path);
      fuzz::require(!metadataFileName(role.name, 1).contains(QLatin1Char('/')), "a role's name is one file name");
      fuzz::require(metadata.delegations->roleKeysOf(role.name) != nullptr, "a delegated role has its keys");
    }
    if (metadata.delegations->succinct) {
      const QString bin = metadata.delegations->succinct->roleFor(path);
      fuzz::require(metadata.delegations->roleKeysOf(bin) != nullptr, "a path's bin is one of the bins");
    }
  }
}

void offerAsEveryRole(const QByteArray& bytes) {
  static const QByteArray kRootFile = fuzz::testData("tuf/consistent/metadata/1.root.json");
  static const TrustedMetadataSet kTrusted = [] {
    TrustedMetadataSet set = trust(kRootFile);
    fuzz::require(set.updateRoot(fuzz::testData("tuf/consistent/metadata/2.root.json")).has_value(), "root 2");
    fuzz::require(set.updateTimestamp(fuzz::testData("tuf/consistent/metadata/timestamp.json")).has_value(), "time");
    fuzz::require(set.updateSnapshot(fuzz::testData("tuf/consistent/metadata/4.snapshot.json")).has_value(), "snap");
    return set;
  }();
  (void)TrustedMetadataSet::fromTrustedRoot(bytes, kNow, Freshness::Required);
  TrustedMetadataSet set = trust(kRootFile);
  (void)set.updateRoot(bytes);
  (void)set.updateTimestamp(bytes);
  TrustedMetadataSet complete = kTrusted;
  (void)complete.updateTimestamp(bytes);
  (void)complete.updateSnapshot(bytes);
  if (complete.updateTargets(bytes, kTargets, kRoot)) {
    walk(*complete.targets(kTargets));
  }
}

void offerSigned(const Json& part) {
  const auto version = part.find("version");
  const auto* stated = version == part.end() ? nullptr : version->get_ptr<const Json::number_integer_t*>();
  const qint64 announced = stated == nullptr || *stated < 1 ? 1 : *stated;
  const QByteArray file = fileOf(part);

  if (const auto set = TrustedMetadataSet::fromTrustedRoot(file, kNow, Freshness::Required)) {
    fuzz::require(set->root().version >= 1 && set->root().roles.size() == 4, "a root names its four roles");
  }
  TrustedMetadataSet set = trust(fileOf(rootOf(1)));
  (void)set.updateRoot(file);

  Json snapshot = common("snapshot", 1);
  snapshot["meta"] = {{"targets.json", {{"version", announced}}}, {"a.json", {{"version", announced}}}};
  Json timestamp = common("timestamp", 1);
  timestamp["meta"] = {{"snapshot.json", {{"version", announced}}}};

  TrustedMetadataSet top = trust(fileOf(rootOf(1)));
  (void)top.updateTimestamp(file);
  if (!top.timestamp() && !top.updateTimestamp(fileOf(timestamp))) {
    return;
  }
  (void)top.updateSnapshot(file);

  timestamp["meta"]["snapshot.json"]["version"] = 1;
  TrustedMetadataSet below = trust(fileOf(rootOf(1)));
  fuzz::require(below.updateTimestamp(fileOf(timestamp)).has_value(), "a proper timestamp is taken");
  fuzz::require(below.updateSnapshot(fileOf(snapshot)).has_value(), "a proper snapshot is taken");
  if (below.updateTargets(file, kTargets, kRoot)) {
    walk(*below.targets(kTargets));
    (void)below.updateTargets(file, QStringLiteral("a"), kTargets);
    (void)below.checkDelegation(QStringLiteral("a"), kTargets);
    fuzz::require(below.summary().size() >= 4, "what is trusted can be told");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const QByteArray bytes = fuzz::toBytes(data + 1, size - 1);
  if ((data[0] & 1) == 0) {
    offerAsEveryRole(bytes);
    return 0;
  }
  const auto part = parseStrictJson(bytes);
  if (!part) {
    return 0;
  }
  const auto again = parseStrictJson(QByteArray::fromStdString(part->dump()));
  fuzz::require(again.has_value() && *again == *part, "JSON that was read can be written and read again");
  fuzz::require(!canonicalJson(*part).isEmpty(), "JSON has a canonical form");
  if (part->is_object()) {
    offerSigned(*part);
  }
  return 0;
}
