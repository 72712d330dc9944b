#include "devices/images/fit_regions.h"

namespace sealift {

namespace {

// boot/image-fit-sig.c: an image's data is covered through its hash nodes instead.
bool isImageData(const QByteArray& property) {
  return property == "data" || property == "data-size" || property == "data-position" || property == "data-offset";
}

// How much of the node that the walk is in is covered.
enum class Cover { Nothing, TagsOnly, Everything };

class RegionList {
 public:
  void add(qsizetype begin, qsizetype end) {
    if (!regions_.isEmpty() && regions_.last().begin + regions_.last().size == begin) {
      regions_.last().size += end - begin;
    } else {
      regions_.append({begin, end - begin});
    }
  }
  QList<FitRegion> take() { return std::move(regions_); }

 private:
  QList<FitRegion> regions_;
};

}  // namespace

QList<FitRegion> findFitRegions(const Fdt& fit, const QList<QByteArray>& hashedNodes, qsizetype stringsSize) {
  RegionList regions;
  QList<Cover> outer;
  QList<qsizetype> pathLengths;
  QByteArray path;
  Cover cover = Cover::Nothing;
  for (const FdtToken& token : fit.tokens) {
    bool covered = false;
    switch (token.kind) {
      case FdtToken::BeginNode: {
        pathLengths.append(path.size());
        path += path == "/" || path.isEmpty() ? (path.isEmpty() ? QByteArrayLiteral("/") : token.name)
                                              : QByteArray('/' + token.name);
        outer.append(cover);
        if (hashedNodes.contains(path)) {
          cover = Cover::Everything;
        } else {
          cover = cover == Cover::Everything ? Cover::TagsOnly : Cover::Nothing;
        }
        covered = cover != Cover::Nothing;
        break;
      }
      case FdtToken::EndNode:
        covered = cover != Cover::Nothing;
        cover = outer.takeLast();
        path.truncate(pathLengths.takeLast());
        break;
      case FdtToken::Property:
        covered = cover == Cover::Everything && !isImageData(token.name);
        break;
      case FdtToken::Nop:
        covered = cover == Cover::Everything;
        break;
      case FdtToken::End:
        covered = true;
        break;
    }
    if (covered) {
      regions.add(token.begin, token.end);
    }
  }
  QList<FitRegion> list = regions.take();
  if (stringsSize > 0) {  // a region of its own, even where it touches the structure block
    list.append({fit.stringsBegin, stringsSize});
  }
  return list;
}

QByteArray joinFitRegions(QByteArrayView fit, const QList<FitRegion>& regions) {
  QByteArray joined;
  for (const FitRegion& region : regions) {
    joined.append(fit.sliced(region.begin, region.size));
  }
  return joined;
}

}  // namespace sealift
