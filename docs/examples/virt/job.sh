#!/bin/sh
# Slurm: sbatch job.sh, in a directory that the nodes see, or that is on the node.
#SBATCH --partition=virt
#SBATCH --cpus-per-task=1
#SBATCH --mem=768
#SBATCH --time=01:00:00
#SBATCH --output=console
#SBATCH --error=messages
# Ending the job tells the launcher first, which powers the guest off.
#SBATCH --signal=B:TERM@60
exec grid-vm-run --image debian-13 --domain machine.xml --input input.txt -- ./count.sh input.txt
