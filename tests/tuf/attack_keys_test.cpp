// Attacks on what is signed and by whom: arbitrary software, keys compromised below the threshold, duplicated
// signatures. README.md has the table.
#include "tests/tuf/attack_harness.h"

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

// The file as it is, with the signatures of its JSON edited.
QByteArray withSignatures(const QByteArray& file, const std::function<void(Json&)>& edit) {
  Json document = Json::parse(file.toStdString());
  edit(document["signatures"]);
  return QByteArray::fromStdString(document.dump());
}

void flipSignature(Json& signatures) {
  std::string text = signatures.at(0).at("sig");
  text[0] = text[0] == '0' ? '1' : '0';
  signatures.at(0)["sig"] = text;
}

// Root 2, in which one role has two keys and needs both.
std::function<void(R&)> needsTwo(const char* role, R::Role R::*content, int first, int second) {
  return [=](R& r) {
    r.setRole(role, {first, second}, 2);
    (r.*content).keys = {first, second};
  };
}

void delegateToTwo(R& r) {
  R::Role models = r.delegated({9, 10});
  r.addTarget(models, "m/a.bin", "model");
  r.delegate(r.targets, "models", {9, 10}, 2, {"m/*"});
  r.putDelegated("models", models);
}

bool fetchModel(AttackedClient& c) {
  return c.refresh() && c.fetch("m/a.bin");
}

// The next version of the delegated role, signed by `keys`.
void publishModels(R& r, const std::vector<int>& keys) {
  R::Role models = r.delegated(keys);
  models.signedPart["version"] = 2;
  r.addTarget(models, "m/a.bin", "model 2");
  r.bump();
  r.putDelegated("models", models);
  r.putAll();
}

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> kAttacks{
      // Arbitrary software: somebody without any key of the role signs.
      {"arbitrary-software.root", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("root", {9, 10, 11}, 2);
         r.root.keys = isEvil ? std::vector{9, 10, 11} : std::vector{0, 1, 9, 10, 11};
         r.putRoot();
       }},
      {"arbitrary-software.timestamp", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.timestamp.keys = {isEvil ? 14 : 3};
         r.putAll();
       }},
      {"arbitrary-software.snapshot", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.snapshot.keys = {isEvil ? 14 : 5};
         r.putAll();
       }},
      {"arbitrary-software.targets", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.targets.keys = {isEvil ? 14 : 7};
         r.putAll();
       }},
      {"arbitrary-software.delegated", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         publishModels(r, isEvil ? std::vector{13, 14} : std::vector{9, 10});
       },
       delegateToTwo, fetchModel},
      {"arbitrary-software.key-of-another-role", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.timestamp.keys = {isEvil ? 5 : 3};  // the snapshot key has no say here
         r.putAll();
       }},
      {"arbitrary-software.unsigned", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         if (isEvil) {
           r.timestamp.keys = {};
         }
         r.putAll();
       }},
      {"arbitrary-software.damaged-signature", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         if (isEvil) {
           QByteArray& file = r.files[QStringLiteral("metadata/timestamp.json")];
           file = withSignatures(file, flipSignature);
         }
       }},
      {"arbitrary-software.revoked-key", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("targets", {8}, 1);
         r.bump();
         r.targets.keys = {isEvil ? 7 : 8};
         r.putAll();
       }},
      {"arbitrary-software.false-key-id", ErrorCode::TrustThreshold,  // 4.3, KEYID: calculated, not believed
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("targets", {8}, 1);
         if (isEvil) {  // a stranger's key under the name of key 8
           r.root.signedPart["keys"][r.keyId(8)] = keyToJson(r.key(14).publicKey());
         }
         r.bump();
         r.targets.keys = {isEvil ? 14 : 8};
         r.putAll();
         if (isEvil) {
           QByteArray file = withSignatures(r.sign(r.targets), [&](Json& s) { s.at(0)["keyid"] = r.keyId(8); });
           r.snapshot.signedPart["meta"]["targets.json"] = R::announce(file, r.targets.signedPart["version"]);
           r.files[R::name("targets", r.targets)] = file;
           r.putSnapshot();
           r.putTimestamp();
         }
       }},

      // Keys compromised, but fewer than the threshold.
      {"key-compromise.root", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.root.keys = isEvil ? std::vector{0} : std::vector{0, 1};
         r.putRoot();
       }},
      {"key-compromise.root-new-keys-not-proven", ErrorCode::TrustThreshold,  // 5.3.4 (2)
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("root", {9, 10, 11}, 2);
         r.root.keys = isEvil ? std::vector{0, 1, 9} : std::vector{0, 1, 9, 10};
         r.putRoot();
       }},
      {"key-compromise.timestamp", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.timestamp.keys = isEvil ? std::vector{3} : std::vector{3, 4};
         r.putAll();
       },
       needsTwo("timestamp", &R::timestamp, 3, 4)},
      {"key-compromise.snapshot", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.snapshot.keys = isEvil ? std::vector{6} : std::vector{5, 6};
         r.putAll();
       },
       needsTwo("snapshot", &R::snapshot, 5, 6)},
      {"key-compromise.targets", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bump();
         r.targets.keys = isEvil ? std::vector{7} : std::vector{7, 8};
         r.putAll();
       },
       needsTwo("targets", &R::targets, 7, 8)},
      {"key-compromise.delegated", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         publishModels(r, isEvil ? std::vector{9} : std::vector{9, 10});
       },
       delegateToTwo, fetchModel},

      // One signature for several.
      {"duplicated-signature.one-key-id-twice", ErrorCode::TrustMalformed,  // 4.2.1: a key id occurs once
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         if (isEvil) {
           QByteArray& file = r.files[QStringLiteral("metadata/timestamp.json")];
           file = withSignatures(file, [](Json& s) { s.push_back(s.at(0)); });
         }
       }},
      {"duplicated-signature.towards-the-threshold", ErrorCode::TrustMalformed,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.root.keys = isEvil ? std::vector{0} : std::vector{0, 1};
         r.files[R::name("root", r.root)] =
             isEvil ? withSignatures(r.sign(r.root), [](Json& s) { s.push_back(s.at(0)); }) : r.sign(r.root);
       }},
      {"duplicated-signature.one-key-under-two-ids", ErrorCode::TrustThreshold,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("timestamp", {3, 4}, 2);
         r.timestamp.keys = {3, 4};
         if (isEvil) {  // key 3 once more, with a field that changes its id
           Json twin = keyToJson(r.key(3).publicKey());
           twin["x-owner"] = "the same";
           const std::string id = sha256(canonicalJson(twin)).toHex().toStdString();
           r.root.signedPart["keys"][id] = twin;
           r.root.signedPart["roles"]["timestamp"]["keyids"] = {r.keyId(3), id};
           r.timestamp.keys = {3};
           r.bump();
           r.putAll();
           QByteArray& file = r.files[QStringLiteral("metadata/timestamp.json")];
           file = withSignatures(file, [&](Json& s) {
             Json again = s.at(0);
             again["keyid"] = id;
             s.push_back(again);
           });
           return;
         }
         r.bump();
         r.putAll();
       }},
      {"duplicated-signature.role-lists-a-key-twice", ErrorCode::TrustMalformed,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("targets", isEvil ? std::vector{7, 7} : std::vector{7}, 1);
         r.putRoot();
       }},
      {"duplicated-signature.threshold-zero", ErrorCode::TrustMalformed,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.setRole("targets", {7}, isEvil ? 0 : 1);
         r.putRoot();
       }},
  };
  return kAttacks;
}

}  // namespace

class AttackKeysTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  SEALIFT_TRY_ATTACKS(attacks())
};

QTEST_GUILESS_MAIN(AttackKeysTest)
#include "attack_keys_test.moc"
