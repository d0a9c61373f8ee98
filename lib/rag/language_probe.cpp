#include "rag/language_probe.hpp"

#include <array>
#include <vector>

namespace hadal::rag {
namespace {

struct Probe {
  std::string_view question, answer, other;
};
constexpr auto kProbes = std::to_array<Probe>({
    {"怎么退货？", "对商品不满意的顾客可以在七天内寄回并拿到退款。", "商店每天早上九点开门，晚上十点关门。"},
    {"孩子发烧怎么办？", "体温过高时应多喝水，必要时服药并去看医生。", "这条公路全长三百公里，连接两座城市。"},
    {"如何节约用电？", "离开房间时关灯，并选择能效等级高的家电。", "这部小说描写了战争年代一个家庭的命运。"},
    {"哪里可以坐火车？", "车站位于市中心，每小时都有列车开往首都。", "做面包需要面粉、酵母和少量的盐。"},
    {"怎样学好外语？", "每天练习听说，多读原文书籍，坚持背单词。", "水泵每运行两百小时必须加注润滑油。"},
    {"公司什么时候发工资？", "员工的薪酬于每月十日转入银行账户。", "熊猫主要以竹子为食，生活在山区。"},
    {"下雨天适合做什么？", "天气不好的时候可以待在家里看书或者看电影。", "合同经双方签字盖章后生效。"},
    {"电脑很慢怎么解决？", "关闭不需要的程序，清理磁盘，必要时增加内存。", "这座古老的寺庙建于一千年前。"},
    {"怎么预防蛀牙？", "早晚刷牙，少吃甜食，定期检查口腔。", "机票改签需要支付手续费。"},
    {"租房要注意什么？", "签约前核实房东的身份，检查水电设施，写清押金条款。", "恒星通过核聚变发出光和热。"},
});

}  // namespace

double chinese_understood(Embedder& embedder) {
  std::vector<std::string_view> questions, sentences;
  for (const Probe& probe : kProbes) {
    questions.push_back(probe.question);
    sentences.push_back(probe.answer);
    sentences.push_back(probe.other);
  }
  const size_t dimension = size_t(embedder.dimension());
  std::vector<float> asked(questions.size() * dimension), said(sentences.size() * dimension);
  embedder.embed(questions, Purpose::query, asked);
  embedder.embed(sentences, Purpose::document, said);
  int right = 0;
  for (size_t q = 0; q < questions.size(); ++q) {
    size_t best = 0;
    double best_score = -2;
    for (size_t s = 0; s < sentences.size(); ++s) {
      double score = 0;
      for (size_t i = 0; i < dimension; ++i) score += double(asked[q * dimension + i]) * said[s * dimension + i];
      if (score > best_score) best_score = score, best = s;
    }
    right += best == 2 * q;
  }
  return double(right) / double(kProbes.size());
}

}  // namespace hadal::rag
