// The tree against the vectors of the Certificate Transparency project (merkletree tests of its reference
// implementation) and against the definition in RFC 6962 section 2.1, written down again as it stands there.
#include "app/audit/merkle.h"
#include "keystore/crypto/digest.h"

#include <QTest>

#include <map>

using namespace sealift;

namespace {

const QList<QByteArray>& ctLeaves() {
  static const QList<QByteArray> leaves = [] {
    QList<QByteArray> list;
    for (const char* hex :
         {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}) {
      list.append(QByteArray::fromHex(hex));
    }
    return list;
  }();
  return leaves;
}

// RFC 6962 section 2.1, word by word.
QByteArray treeHash(const QList<QByteArray>& d) {
  const qsizetype n = d.size();
  if (n == 0) {
    return sha256({});
  }
  if (n == 1) {
    return sha256(QByteArray(1, '\0') + d.first());
  }
  qsizetype k = 1;
  while (k * 2 < n) {
    k *= 2;
  }
  return sha256('\1' + treeHash(d.first(k)) + treeHash(d.sliced(k)));
}

struct Tree {
  std::map<std::pair<int, qint64>, QByteArray> nodes;
  MerkleFrontier frontier;
  QList<QByteArray> roots{merkleEmptyRoot()};  // by size

  void append(const QByteArray& leaf) {
    const QByteArray hash = merkleLeafHash(leaf);
    nodes[{0, frontier.size()}] = hash;
    frontier.append(hash, [this](int level, qint64 position, const QByteArray& node) {
      nodes[{level, position}] = node;
    });
    roots.append(frontier.root());
  }
  MerkleNodeReader reader() {
    return [this](int level, qint64 position) -> Result<QByteArray> {
      const auto found = nodes.find({level, position});
      if (found == nodes.end()) {
        return fail(ErrorCode::NotFound, QStringLiteral("No such node."));
      }
      return found->second;
    };
  }
};

Tree makeTree(const QList<QByteArray>& leaves) {
  Tree tree;
  for (const QByteArray& leaf : leaves) {
    tree.append(leaf);
  }
  return tree;
}

QList<QByteArray> manyLeaves(int count) {
  QList<QByteArray> leaves;
  for (int i = 0; i < count; ++i) {
    leaves.append("leaf " + QByteArray::number(i));
  }
  return leaves;
}

QStringList hexes(const QList<QByteArray>& path) {
  QStringList list;
  for (const QByteArray& hash : path) {
    list.append(QString::fromLatin1(hash.toHex()));
  }
  return list;
}

constexpr int kMany = 70;

}  // namespace

class AuditMerkleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void emptyTree() {
    QCOMPARE(merkleEmptyRoot().toHex(), QByteArray("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    QCOMPARE(MerkleFrontier().root(), merkleEmptyRoot());
  }

  void roots_data() {
    QTest::addColumn<int>("size");
    QTest::addColumn<QByteArray>("root");
    const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                           "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                           "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                           "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                           "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                           "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                           "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                           "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    int size = 0;
    for (const char* root : roots) {
      ++size;
      QTest::addRow("%d leaves", size) << size << QByteArray(root);
    }
  }
  void roots() {
    QFETCH(int, size);
    QFETCH(QByteArray, root);
    QCOMPARE(makeTree(ctLeaves().first(size)).frontier.root().toHex(), root);
  }

  void inclusionVectors_data() {
    QTest::addColumn<int>("leaf");  // counted from 1, as the vectors do
    QTest::addColumn<int>("size");
    QTest::addColumn<QStringList>("path");
    const QString a = QStringLiteral("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
    const QString b = QStringLiteral("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e");
    const QString c = QStringLiteral("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
    const QString d = QStringLiteral("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b");
    const QString e = QStringLiteral("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
    const QString four = QStringLiteral("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
    const QString two = QStringLiteral("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    const QString one = QStringLiteral("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    QTest::newRow("1 of 1") << 1 << 1 << QStringList();
    QTest::newRow("1 of 8") << 1 << 8 << QStringList{a, b, c};
    QTest::newRow("6 of 8") << 6 << 8 << QStringList{d, e, four};
    QTest::newRow("3 of 3") << 3 << 3 << QStringList{two};
    QTest::newRow("2 of 5") << 2 << 5 << QStringList{one, b, d};
  }
  void inclusionVectors() {
    QFETCH(int, leaf);
    QFETCH(int, size);
    QFETCH(QStringList, path);
    Tree tree = makeTree(ctLeaves());
    const Result<InclusionProof> proof = buildInclusionProof(leaf - 1, size, tree.reader());
    QVERIFY(proof);
    QCOMPARE(hexes(proof->path), path);
    QVERIFY(checkInclusion(*proof, tree.roots[size]));
  }

  void consistencyVectors_data() {
    QTest::addColumn<int>("oldSize");
    QTest::addColumn<int>("newSize");
    QTest::addColumn<QStringList>("path");
    const QString a = QStringLiteral("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
    const QString b = QStringLiteral("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e");
    const QString c = QStringLiteral("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
    const QString d = QStringLiteral("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b");
    const QString e = QStringLiteral("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
    const QString f = QStringLiteral("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a");
    const QString four = QStringLiteral("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
    QTest::newRow("1 to 1") << 1 << 1 << QStringList();
    QTest::newRow("1 to 8") << 1 << 8 << QStringList{a, b, c};
    QTest::newRow("6 to 8") << 6 << 8 << QStringList{f, e, four};
    QTest::newRow("2 to 5") << 2 << 5 << QStringList{b, d};
  }
  void consistencyVectors() {
    QFETCH(int, oldSize);
    QFETCH(int, newSize);
    QFETCH(QStringList, path);
    Tree tree = makeTree(ctLeaves());
    const Result<ConsistencyProof> proof = buildConsistencyProof(oldSize, newSize, tree.reader());
    QVERIFY(proof);
    QCOMPARE(hexes(proof->path), path);
    QVERIFY(checkConsistency(*proof, tree.roots[oldSize], tree.roots[newSize]));
  }

  void rootsOfEverySizeFollowTheDefinition() {
    const QList<QByteArray> leaves = manyLeaves(kMany);
    Tree tree = makeTree(leaves);
    for (int n = 0; n <= kMany; ++n) {
      QCOMPARE(tree.roots[n], treeHash(leaves.first(n)));
      const Result<MerkleFrontier> frontier = readFrontier(n, tree.reader());
      QVERIFY(frontier);
      QCOMPARE(frontier->root(), tree.roots[n]);
    }
  }

  void everyInclusionProofHoldsAndNoOther() {
    Tree tree = makeTree(manyLeaves(kMany));
    for (int n = 1; n <= kMany; ++n) {
      for (int leaf = 0; leaf < n; ++leaf) {
        const Result<InclusionProof> built = buildInclusionProof(leaf, n, tree.reader());
        QVERIFY(built);
        QVERIFY(checkInclusion(*built, tree.roots[n]));
        QVERIFY(!checkInclusion(*built, tree.roots[n - 1]));
        for (qsizetype i = 0; i < built->path.size(); ++i) {
          InclusionProof wrong = *built;
          wrong.path[i][0] = static_cast<char>(wrong.path[i][0] ^ 1);
          QVERIFY(!checkInclusion(wrong, tree.roots[n]));
          wrong = *built;
          wrong.path.removeAt(i);
          QVERIFY(!checkInclusion(wrong, tree.roots[n]));
        }
        InclusionProof wrong = *built;
        wrong.leafIndex = (leaf + 1) % n;
        QVERIFY(n == 1 || !checkInclusion(wrong, tree.roots[n]));
        wrong = *built;
        wrong.path.append(tree.roots[1]);
        QVERIFY(!checkInclusion(wrong, tree.roots[n]));
        wrong = *built;
        wrong.leafHash = merkleLeafHash("another");
        QVERIFY(!checkInclusion(wrong, tree.roots[n]));
      }
    }
  }

  void everyConsistencyProofHoldsAndNoOther() {
    Tree tree = makeTree(manyLeaves(kMany));
    for (int n = 1; n <= kMany; ++n) {
      for (int m = 0; m <= n; ++m) {
        const Result<ConsistencyProof> built = buildConsistencyProof(m, n, tree.reader());
        QVERIFY(built);
        QVERIFY(checkConsistency(*built, tree.roots[m], tree.roots[n]));
        if (m > 0) {
          QVERIFY(!checkConsistency(*built, tree.roots[m - 1], tree.roots[n]));
          QVERIFY(!checkConsistency(*built, tree.roots[m], tree.roots[n - 1]));
        }
        for (qsizetype i = 0; i < built->path.size(); ++i) {
          ConsistencyProof wrong = *built;
          wrong.path[i][31] = static_cast<char>(wrong.path[i][31] ^ 0x80);
          QVERIFY(!checkConsistency(wrong, tree.roots[m], tree.roots[n]));
          wrong = *built;
          wrong.path.removeAt(i);
          QVERIFY(!checkConsistency(wrong, tree.roots[m], tree.roots[n]));
        }
        ConsistencyProof wrong = *built;
        wrong.path.append(tree.roots[1]);
        QVERIFY(!checkConsistency(wrong, tree.roots[m], tree.roots[n]));
      }
    }
  }

  void anotherPastIsNotConsistent() {
    QList<QByteArray> leaves = manyLeaves(40);
    Tree honest = makeTree(leaves);
    leaves[7] = "rewritten";
    Tree rewritten = makeTree(leaves);
    const Result<ConsistencyProof> proof = buildConsistencyProof(20, 40, rewritten.reader());
    QVERIFY(proof);
    QVERIFY(checkConsistency(*proof, rewritten.roots[20], rewritten.roots[40]));
    QVERIFY(!checkConsistency(*proof, honest.roots[20], rewritten.roots[40]));
  }

  void refusesWhatIsNotThere() {
    Tree tree = makeTree(manyLeaves(5));
    QCOMPARE(buildInclusionProof(5, 5, tree.reader()).error().code, ErrorCode::NotFound);
    QCOMPARE(buildInclusionProof(-1, 5, tree.reader()).error().code, ErrorCode::NotFound);
    QCOMPARE(buildInclusionProof(0, 0, tree.reader()).error().code, ErrorCode::NotFound);
    QCOMPARE(buildConsistencyProof(6, 5, tree.reader()).error().code, ErrorCode::NotFound);
    QVERIFY(!checkInclusion({0, 0, merkleLeafHash({}), {}}, merkleEmptyRoot()));
    QVERIFY(!checkInclusion({5, 5, merkleLeafHash({}), {}}, tree.roots[5]));
    QVERIFY(!checkConsistency({3, 5, {}}, tree.roots[3], tree.roots[5]));
    QVERIFY(!checkConsistency({3, 5, {QByteArray("short")}}, tree.roots[3], tree.roots[5]));
  }
};

QTEST_GUILESS_MAIN(AuditMerkleTest)
#include "audit_merkle_test.moc"
