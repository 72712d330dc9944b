// The Merkle hash tree of RFC 6962 section 2.1, and its proofs. Hashes are raw SHA-256, 32 bytes.
// Leaves are counted from 0. A node (level, position) is the root of the complete subtree over the leaves
// [position << level, (position + 1) << level); level 0 are the leaves' hashes. Pure; any thread.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <functional>

namespace sealift {

inline constexpr qsizetype kMerkleHashBytes = 32;
inline constexpr int kMerkleMaxLevels = 63;

QByteArray merkleEmptyRoot();                                          // SHA-256 of nothing
QByteArray merkleLeafHash(QByteArrayView leaf);                        // SHA-256(0x00 || leaf)
QByteArray merkleNodeHash(QByteArrayView left, QByteArrayView right);  // SHA-256(0x01 || left || right)

// The right edge of a growing tree: the roots of the complete subtrees that it is made of, largest first. Enough to
// append and to give the root, in O(log n) memory.
class MerkleFrontier {
 public:
  using NodeSink = std::function<void(int level, qint64 position, const QByteArray& hash)>;

  MerkleFrontier() = default;
  // `peaks` largest first, one for each bit that is set in `size`.
  MerkleFrontier(qint64 size, QList<QByteArray> peaks) : size_(size), peaks_(std::move(peaks)) {}

  // Calls `sink` for every node above the leaves that this leaf completes, lowest first.
  void append(const QByteArray& leafHash, const NodeSink& sink = {});
  qint64 size() const { return size_; }
  QByteArray root() const;

 private:
  qint64 size_ = 0;
  QList<QByteArray> peaks_;
};

// Gives the stored hash of a complete node.
using MerkleNodeReader = std::function<Result<QByteArray>(int level, qint64 position)>;

Result<MerkleFrontier> readFrontier(qint64 treeSize, const MerkleNodeReader& read);

struct InclusionProof {
  qint64 leafIndex = 0;  // counted from 0
  qint64 treeSize = 0;
  QByteArray leafHash;
  QList<QByteArray> path;  // from the leaf up
};

struct ConsistencyProof {
  qint64 oldSize = 0;
  qint64 newSize = 0;
  QList<QByteArray> path;
};

// PATH(m, D[n]), RFC 6962 section 2.1.1; 0 <= leafIndex < treeSize. O(log² n) reads at most.
Result<InclusionProof> buildInclusionProof(qint64 leafIndex, qint64 treeSize, const MerkleNodeReader& read);
// PROOF(m, D[n]), RFC 6962 section 2.1.2; 0 <= oldSize <= newSize.
Result<ConsistencyProof> buildConsistencyProof(qint64 oldSize, qint64 newSize, const MerkleNodeReader& read);

// RFC 9162 section 2.1.3.2 (RFC 6962 has the same tree and leaves the algorithm to the reader).
bool checkInclusion(const InclusionProof& proof, QByteArrayView root);
// RFC 9162 section 2.1.4.2. Every tree continues the empty one.
bool checkConsistency(const ConsistencyProof& proof, QByteArrayView oldRoot, QByteArrayView newRoot);

}  // namespace sealift
