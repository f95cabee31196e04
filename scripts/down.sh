# ./dev down
source scripts/demo.sh
