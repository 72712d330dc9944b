// Attacks on what belongs together: mix-and-match, wrong lengths, endless data, artifacts, hostile JSON. README.md has
// the table.
#include "tests/tuf/attack_harness.h"

using namespace sealift;
using namespace sealift::tuf;

namespace {

using R = TestRepository;

const QString kTimestampPath = QStringLiteral("metadata/timestamp.json");

void beginWithModels(R& r) {
  R::Role models = r.delegated({9});
  r.addTarget(models, "m/a.bin", "model");
  r.delegate(r.targets, "models", {9}, 1, {"m/*"});
  r.putDelegated("models", models);
}

bool fetchModel(AttackedClient& c) {
  return c.refresh() && c.fetch("m/a.bin");
}

bool fetchArtifact(AttackedClient& c) {
  return c.refresh() && c.fetch("a.bin");
}

// The file of the artifact "a.bin", which holds "first".
void serveArtifact(R& r, const QByteArray& bytes) {
  r.obeysLimit = false;
  for (auto file = r.files.begin(); file != r.files.end(); ++file) {
    if (file.key().endsWith(QLatin1String("a.bin"))) {
      *file = bytes;
    }
  }
}

Attack artifact(const char* name, ErrorCode expected, const QByteArray& served) {
  return {name, expected, [served](R& r, bool isEvil) { serveArtifact(r, isEvil ? served : QByteArray("first")); },
          [](R&) {}, fetchArtifact};
}

// The timestamp's file in the form that `change` gives it, where a lenient reader would find a validly signed one. The
// twin is the same file, changed by a blank behind it, which JSON allows.
Attack json(const char* name, const std::function<QByteArray(const QByteArray&)>& change) {
  return {name, ErrorCode::TrustMalformed, [change](R& r, bool isEvil) {
            r.bump();
            r.putAll();
            QByteArray& file = r.files[kTimestampPath];
            file = isEvil ? change(file) : file + " ";
          }};
}

// A first member in front of what the file holds.
Attack jsonWith(const char* name, const QByteArray& member) {
  return json(name, [member](const QByteArray& file) { return "{" + member + "," + file.mid(1); });
}

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> kAttacks{
      // Mix-and-match, extraneous dependencies: every part is properly signed, but they are no one state.
      {"mix-and-match.snapshot", ErrorCode::TrustHashMismatch,  // 5.5.2
       [](R& r, bool isEvil) {
         r.bump();
         r.snapshot.signedPart["x"] = "a";
         r.putAll();
         r.snapshot.signedPart["x"] = isEvil ? "b" : "a";
         r.files[R::name("snapshot", r.snapshot)] = r.sign(r.snapshot);
       }},
      {"mix-and-match.snapshot-newer-than-announced", ErrorCode::TrustHashMismatch,  // 5.5.4
       [](R& r, bool isEvil) {
         r.bump();
         r.putTargets();
         r.snapshot.signedPart["version"] = isEvil ? 3 : 2;
         const QByteArray bytes = r.sign(r.snapshot);
         r.files[QStringLiteral("metadata/2.snapshot.json")] = bytes;
         r.timestamp.signedPart["meta"]["snapshot.json"] = R::announce(bytes, 2);
         r.putTimestamp();
       }},
      {"mix-and-match.targets", ErrorCode::TrustHashMismatch,  // 5.6.2
       [](R& r, bool isEvil) {
         r.bump();
         r.targets.signedPart["x"] = "a";
         r.putAll();
         r.targets.signedPart["x"] = isEvil ? "b" : "a";
         r.files[R::name("targets", r.targets)] = r.sign(r.targets);
       }},
      {"mix-and-match.one-of-two-hashes", ErrorCode::TrustHashMismatch,  // all that are known must match
       [](R& r, bool isEvil) {
         r.bump();
         r.putTargets();
         const QByteArray other = isEvil ? QByteArray("other") : r.sign(r.targets);
         r.snapshot.signedPart["meta"]["targets.json"]["hashes"]["sha512"] =
             computeDigest(DigestAlgorithm::Sha512, other).toHex().toStdString();
         r.putSnapshot();
         r.putTimestamp();
       }},
      {"mix-and-match.unknown-hashes-only", ErrorCode::TrustHashMismatch,
       [](R& r, bool isEvil) {
         r.bump();
         r.putTargets();
         Json& hashes = r.snapshot.signedPart["meta"]["targets.json"]["hashes"];
         hashes["md5"] = "00";
         if (isEvil) {
           hashes.erase("sha256");
         }
         r.putSnapshot();
         r.putTimestamp();
       }},
      {"mix-and-match.role-of-another-type", ErrorCode::TrustMalformed,
       [](R& r, bool isEvil) {
         r.bump();
         r.targets.signedPart["_type"] = isEvil ? "snapshot" : "targets";
         r.putAll();
       }},
      {"mix-and-match.delegated-role-not-in-the-snapshot", ErrorCode::TrustMalformed,
       [](R& r, bool isEvil) {
         r.bump();
         R::Role more = r.delegated({10});
         r.addTarget(more, "n/a.bin", "more");
         r.delegate(r.targets, "more", {10}, 1, {"n/*"});
         r.putDelegated("more", more);
         if (isEvil) {
           r.snapshot.signedPart["meta"].erase("more.json");
         }
         r.putAll();
       },
       [](R&) {}, [](AttackedClient& c) { return c.refresh() && c.fetch("n/a.bin"); }},

      // Endless data: the fetcher does not keep the limit, so that the client's own check stands alone.
      {"endless-data.root", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.bumpRoot();
         r.putRoot();
         r.obeysLimit = false;
         r.files[R::name("root", r.root)].append(QByteArray(isEvil ? 600000 : 1000, ' '));
       }},
      {"endless-data.timestamp", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         r.obeysLimit = false;
         r.files[kTimestampPath].append(QByteArray(isEvil ? 20000 : 1000, ' '));
       }},
      {"endless-data.snapshot", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         r.obeysLimit = false;
         if (isEvil) {
           r.files[R::name("snapshot", r.snapshot)] += '\n';
         }
       }},
      {"endless-data.targets", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         r.obeysLimit = false;
         if (isEvil) {
           r.files[R::name("targets", r.targets)] += '\n';
         }
       }},
      {"endless-data.delegated", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.obeysLimit = false;
         if (isEvil) {
           r.files[QStringLiteral("metadata/1.models.json")] += '\n';
         }
       },
       beginWithModels, fetchModel},
      {"endless-data.without-a-signed-length", ErrorCode::TrustLength,  // 5.5.1, Y
       [](R& r, bool isEvil) {
         r.bump();
         r.putTargets();
         r.obeysLimit = false;
         const QByteArray bytes = r.sign(r.snapshot) + QByteArray(isEvil ? 5000000 : 1000, ' ');
         r.files[R::name("snapshot", r.snapshot)] = bytes;
         r.timestamp.signedPart["meta"]["snapshot.json"] = {{"version", 2}};
         r.putTimestamp();
       }},
      artifact("endless-data.artifact", ErrorCode::TrustLength, "first!"),

      // Lengths that are signed and not kept from below.
      {"wrong-length.snapshot-shorter", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.bump();
         r.putTargets();
         const QByteArray bytes = r.sign(r.snapshot);
         r.files[R::name("snapshot", r.snapshot)] = bytes;
         Json announced = R::announce(bytes, 2);
         announced["length"] = bytes.size() + (isEvil ? 1 : 0);
         r.timestamp.signedPart["meta"]["snapshot.json"] = announced;
         r.putTimestamp();
       }},
      artifact("wrong-length.artifact-shorter", ErrorCode::TrustLength, "firs"),
      artifact("wrong-length.artifact-empty", ErrorCode::TrustLength, ""),
      artifact("artifact.one-byte-changed", ErrorCode::TrustHashMismatch, "firsT"),

      // Hostile JSON
      jsonWith("json.key-twice", R"("signatures":[])"),
      jsonWith("json.key-twice-by-escape", R"("\u0073ignatures":[])"),
      jsonWith("json.nan", R"("x":NaN)"),
      jsonWith("json.infinity", R"("x":-Infinity)"),
      jsonWith("json.fraction", R"("x":1.5)"),
      jsonWith("json.exponent", R"("x":1e400)"),
      jsonWith("json.huge-number", R"("x":99999999999999999999)"),
      jsonWith("json.number-beyond-64-bits", R"("x":9223372036854775808)"),
      jsonWith("json.number-of-a-thousand-digits", "\"x\":" + QByteArray(1000, '9')),
      jsonWith("json.leading-zero", R"("x":01)"),
      jsonWith("json.depth", "\"x\":" + QByteArray(5000, '[') + QByteArray(5000, ']')),
      jsonWith("json.depth-of-objects", "\"x\":" + QByteArray("{\"a\":").repeated(1000) + "1" + QByteArray(1000, '}')),
      jsonWith("json.bad-utf-8", "\"x\":\"\xff\""),
      jsonWith("json.overlong-utf-8", "\"x\":\"\xc0\xaf\""),
      jsonWith("json.surrogate-in-utf-8", "\"x\":\"\xed\xa0\x80\""),
      jsonWith("json.lone-surrogate", R"("x":"\ud800")"),
      jsonWith("json.lone-low-surrogate", R"("x":"\udc00")"),
      jsonWith("json.surrogates-swapped", R"("x":"\udc00\ud800")"),
      jsonWith("json.control-character", "\"x\":\"\x01\""),
      jsonWith("json.comment", "/* */\"x\":1"),
      json("json.byte-order-mark", [](const QByteArray& b) { return QByteArray("\xef\xbb\xbf") + b; }),
      json("json.utf-16",
           [](const QByteArray& b) {
             QByteArray wide;
             for (const char c : b) {
               wide.append(c).append('\0');
             }
             return wide;
           }),
      json("json.something-after-the-end", [](const QByteArray& b) { return b + "{}"; }),
      json("json.trailing-comma", [](const QByteArray& b) { return b.chopped(1) + ",}"; }),
      json("json.truncated", [](const QByteArray& b) { return b.chopped(1); }),
      json("json.empty", [](const QByteArray&) { return QByteArray(); }),
      json("json.an-array", [](const QByteArray& b) { return "[" + b + "]"; }),
      {"json.size", ErrorCode::TrustLength,
       [](R& r, bool isEvil) {
         r.bump();
         r.putAll();
         r.files[kTimestampPath] += QByteArray(isEvil ? 1 << 20 : 16, ' ');
       }},
  };
  return kAttacks;
}

}  // namespace

class AttackContentTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  SEALIFT_TRY_ATTACKS(attacks())

  // Section 4: what is not known is kept in what is verified, and is no error by itself.
  void acceptsWhatOnlyLooksWrong_data() {
    QTest::addColumn<int>("change");
    const QStringList names{QStringLiteral("unknown fields"),         QStringLiteral("unknown key type"),
                            QStringLiteral("an unknown signature"),   QStringLiteral("an unknown role"),
                            QStringLiteral("an unknown hash beside"), QStringLiteral("an invalid signature beside")};
    for (int i = 0; i < names.size(); ++i) {
      QTest::newRow(qPrintable(names.at(i))) << i;
    }
  }

  void acceptsWhatOnlyLooksWrong() {
    QFETCH(const int, change);
    AttackedClient c;
    R& r = c.repository;
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.bump();
    switch (change) {
      case 0:
        for (R::Role* role : {&r.timestamp, &r.snapshot, &r.targets}) {
          role->signedPart["x-field"] = {{"b", {1, true, nullptr}}, {"a", "\u00e4\n\""}};
        }
        break;
      case 1:
        r.bumpRoot();
        r.root.signedPart["keys"]["odd"] = {{"keytype", "quantum"}, {"scheme", "cat"}, {"keyval", {{"box", 1}}}};
        r.root.signedPart["roles"]["targets"]["keyids"].push_back("odd");
        break;
      case 2:
        r.targets.keys = {7, 14};
        break;
      case 3:
        r.bumpRoot();
        r.root.signedPart["roles"]["mirrors"] = {{"keyids", Json::array()}, {"threshold", 1}};
        r.root.signedPart["roles"]["x-role"] = "anything";
        break;
      case 4:
        r.targets.signedPart["targets"]["a.bin"]["hashes"]["blake2"] = "zz";
        break;
      default:
        break;
    }
    r.putAll();
    if (change == 5) {
      Json document = Json::parse(r.files[kTimestampPath].toStdString());
      document["signatures"].push_back({{"keyid", r.keyId(4)}, {"sig", ""}});
      document["signatures"].push_back({{"keyid", "x"}, {"sig", "not hexadecimal"}});
      r.files[kTimestampPath] = QByteArray::fromStdString(document.dump());
    }
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    QVERIFY2(c.fetch("a.bin"), qPrintable(c.told()));
  }

  // A signed length does not size what is taken: beyond the client's own end nothing is believed.
  void believesNoSignedLengthBeyondItsOwnLimit() {
    AttackedClient c;
    c.options.mostAnnouncedBytes = 4096;
    R& r = c.repository;
    r.putAll();
    QVERIFY(c.start());
    QVERIFY2(c.refresh(), qPrintable(c.told()));
    r.bump();
    r.targets.signedPart["x"] = std::string(5000, 'x');
    r.putAll();
    QVERIFY(!c.refresh());
    QCOMPARE(c.refusal->code, ErrorCode::TrustLength);
  }
};

QTEST_GUILESS_MAIN(AttackContentTest)
#include "attack_content_test.moc"
